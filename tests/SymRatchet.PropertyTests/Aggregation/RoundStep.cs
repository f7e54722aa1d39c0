namespace SymRatchet.PropertyTests.Aggregation;

/// <summary>One thing that is done to the rounds.</summary>
public abstract record RoundStep
{
    public sealed record Join(string Client, double Weight) : RoundStep;

    public sealed record Leave(string Client) : RoundStep;

    /// <summary>
    /// A contribution, perhaps of a session that is gone; <paramref name="Offset"/> names a round as far from the right
    /// one.
    /// </summary>
    public sealed record Contribute(string Client, double[] Numbers, int? Offset, bool FromEarlierSession) : RoundStep
    {
        public override string ToString() =>
            $"Contribute {Client} [{string.Join(", ", Numbers)}] {Offset} {FromEarlierSession}";
    }

    public sealed record Wait(int Milliseconds) : RoundStep;

    public sealed record Close : RoundStep;

    /// <summary>The closed round goes to its aggregator.</summary>
    public sealed record Take : RoundStep;

    /// <summary>The aggregator has come back.</summary>
    public sealed record Publish : RoundStep;
}
