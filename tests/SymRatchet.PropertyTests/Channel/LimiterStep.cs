namespace SymRatchet.PropertyTests.Channel;

/// <summary>One thing that happens to a limiter. Handshakes are named by the order in which they entered.</summary>
public abstract record LimiterStep
{
    /// <summary>A connection from one of a few networks, or (0) from none that is known.</summary>
    public sealed record Enter(int Network, int Host) : LimiterStep;

    public sealed record Identify(int Handshake, byte Id) : LimiterStep;

    public sealed record Confirm(int Handshake) : LimiterStep;

    public sealed record Leave(int Handshake) : LimiterStep;

    public sealed record Wait(int Milliseconds) : LimiterStep;

    public sealed record Report : LimiterStep;
}
