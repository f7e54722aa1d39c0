using System.Buffers;

namespace SymRatchet.Stress.Ends;

/// <summary>A writer over one array.</summary>
internal sealed class FixedWriter(byte[] array) : IBufferWriter<byte>
{
    public void Advance(int count) { }

    public Memory<byte> GetMemory(int sizeHint = 0) => array.Length >= sizeHint ? array : new byte[sizeHint];

    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;
}
