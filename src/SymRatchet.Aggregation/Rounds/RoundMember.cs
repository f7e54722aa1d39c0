namespace SymRatchet.Aggregation;

/// <summary>Represents the presence of a client in the rounds, from joining to leaving.</summary>
/// <remarks>Immutable.</remarks>
public sealed class RoundMember
{
    internal RoundMember(ClientId client, double weight)
    {
        Client = client;
        Weight = weight;
    }

    /// <summary>Gets the client's id.</summary>
    public ClientId Client { get; }

    /// <summary>Gets the weight of its numbers in weighted aggregates.</summary>
    public double Weight { get; }

    /// <summary>Returns the client's id as text.</summary>
    public override string ToString() => Client.ToString();
}
