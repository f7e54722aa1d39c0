namespace SymRatchet.AspNetCore.Tests;

/// <summary>So many zero bytes.</summary>
internal sealed class ZeroStream(long length) : MemoryStream
{
    private readonly PeakMemory _peak = new();
    private long _given;

    public override bool CanSeek => false;

    internal long PeakMemory => _peak.Value;

    public override int Read(Span<byte> buffer)
    {
        int read = (int)Math.Min(buffer.Length, length - _given);
        _given += read;
        _peak.After(_given);
        return read;
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        new(Read(buffer.Span));
}
