using System.Buffers.Binary;

namespace SymRatchet.Protocol1;

/// <summary>Writes the fields of a handshake message in order.</summary>
internal ref struct SpanWriter(Span<byte> destination)
{
    private readonly Span<byte> _destination = destination;

    internal int Written { get; private set; }

    internal void Byte(byte value) => _destination[Written++] = value;

    internal void UInt16(ushort value) => BinaryPrimitives.WriteUInt16BigEndian(Take(sizeof(ushort)), value);

    internal void UInt64(ulong value) => BinaryPrimitives.WriteUInt64BigEndian(Take(sizeof(ulong)), value);

    internal void Bytes(ReadOnlySpan<byte> value) => value.CopyTo(Take(value.Length));

    /// <summary>Returns the next bytes, which the caller fills.</summary>
    internal Span<byte> Take(int length)
    {
        Span<byte> taken = _destination.Slice(Written, length);
        Written += length;
        return taken;
    }
}
