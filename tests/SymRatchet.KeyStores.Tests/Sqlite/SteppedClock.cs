namespace SymRatchet.KeyStores.Tests.Sqlite;

/// <summary>A clock whose time of day and whose ticks can be stepped; its timers are the system's.</summary>
internal sealed class SteppedClock : TimeProvider
{
    /// <summary>What an administrator or a time server does to the time of day.</summary>
    internal TimeSpan WallStep { get; set; }

    /// <summary>Time that passes at once.</summary>
    internal TimeSpan Passed { get; set; }

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + WallStep + Passed;

    public override long GetTimestamp() => base.GetTimestamp() + (long)(Passed.TotalSeconds * TimestampFrequency);
}
