namespace SymRatchet.Aggregation;

/// <summary>Represents one number of a round.</summary>
/// <param name="Client">The client that contributed it.</param>
/// <param name="Value">The number; finite.</param>
/// <param name="Weight">The client's weight; positive and finite.</param>
/// <remarks>Immutable.</remarks>
public readonly record struct Measurement(ClientId Client, double Value, double Weight);
