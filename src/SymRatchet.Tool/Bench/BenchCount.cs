namespace SymRatchet.Tool.Bench;

/// <summary>What arrived in one direction, counted where it arrived.</summary>
internal sealed record BenchCount(long Bytes, long Messages, double Seconds)
{
    public double BytesPerSecond => Seconds > 0 ? Bytes / Seconds : 0;

    public double MessagesPerSecond => Seconds > 0 ? Messages / Seconds : 0;
}
