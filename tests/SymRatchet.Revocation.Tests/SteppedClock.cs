namespace SymRatchet.Revocation.Tests;

/// <summary>The system's clock, whose time of day can be set; durations and timers go on as they were.</summary>
internal sealed class SteppedClock : TimeProvider
{
    private long _offset;

    internal void Step(TimeSpan by) => Interlocked.Add(ref _offset, by.Ticks);

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + TimeSpan.FromTicks(Interlocked.Read(ref _offset));
}
