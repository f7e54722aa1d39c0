using System.Buffers.Binary;

namespace SymRatchet.Protocol1;

/// <summary>
/// Reads the fields of a message in order. Reading past the end returns empty fields and is recorded, so a parser
/// checks the length once, at its end.
/// </summary>
internal ref struct SpanReader(ReadOnlySpan<byte> source)
{
    private readonly ReadOnlySpan<byte> _source = source;
    private bool _overrun;

    internal int Position { get; private set; }

    /// <summary>Whether all fields were present and nothing follows the last one.</summary>
    internal readonly bool EndedExactly => !_overrun && Position == _source.Length;

    internal byte Byte() => Bytes(1) is [byte value] ? value : (byte)0;

    internal ushort UInt16() =>
        Bytes(sizeof(ushort)) is { IsEmpty: false } bytes ? BinaryPrimitives.ReadUInt16BigEndian(bytes) : (ushort)0;

    internal ulong UInt64() =>
        Bytes(sizeof(ulong)) is { IsEmpty: false } bytes ? BinaryPrimitives.ReadUInt64BigEndian(bytes) : 0;

    internal ReadOnlySpan<byte> Bytes(int length)
    {
        if (_overrun || length > _source.Length - Position)
        {
            _overrun = true;
            return default;
        }

        ReadOnlySpan<byte> bytes = _source.Slice(Position, length);
        Position += length;
        return bytes;
    }
}
