namespace SymRatchet.Aggregation;

/// <summary>One client's presence in the rounds, from joining to leaving. Immutable.</summary>
public sealed class RoundMember
{
    internal RoundMember(ClientId client, double weight)
    {
        Client = client;
        Weight = weight;
    }

    /// <summary>The client's id.</summary>
    public ClientId Client { get; }

    /// <summary>How much each of its numbers counts where weights count.</summary>
    public double Weight { get; }

    /// <summary>The client's id.</summary>
    public override string ToString() => Client.ToString();
}
