namespace SymRatchet.AspNetCore.Tests;

/// <summary>So many zero bytes.</summary>
internal sealed class ZeroStream(long length) : MemoryStream
{
    private long _left = length;

    public override bool CanSeek => false;

    public override int Read(Span<byte> buffer)
    {
        int read = (int)Math.Min(buffer.Length, _left);
        _left -= read;
        return read;
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => new(Read(buffer.Span));
}
