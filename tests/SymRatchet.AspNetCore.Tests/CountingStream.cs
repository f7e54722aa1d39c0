namespace SymRatchet.AspNetCore.Tests;

/// <summary>Counts what is written to it, and keeps nothing.</summary>
internal sealed class CountingStream : MemoryStream
{
    private readonly PeakMemory _peak = new();

    internal long Total { get; private set; }

    internal long PeakMemory => _peak.Value;

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        Total += buffer.Length;
        _peak.After(Total);
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Write(buffer.Span);
        return default;
    }
}
