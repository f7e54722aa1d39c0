using System.Buffers;

namespace SymRatchet.Tool.Channels;

/// <summary>Takes messages and keeps their number of bytes only.</summary>
internal sealed class Discard : IBufferWriter<byte>
{
    private byte[] _buffer = new byte[64 * 1024];

    /// <summary>Of the last message.</summary>
    internal int Length { get; private set; }

    public void Advance(int count) => Length = count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        if (_buffer.Length < sizeHint)
            _buffer = new byte[sizeHint];
        return _buffer;
    }

    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;
}
