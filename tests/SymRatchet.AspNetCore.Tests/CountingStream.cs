namespace SymRatchet.AspNetCore.Tests;

/// <summary>Counts what is written to it, and keeps nothing.</summary>
internal sealed class CountingStream : MemoryStream
{
    internal long Total { get; private set; }

    public override void Write(ReadOnlySpan<byte> buffer) => Total += buffer.Length;

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Total += buffer.Length;
        return default;
    }
}
