namespace SymRatchet.Aggregation;

/// <summary>One number of a round. Immutable.</summary>
/// <param name="Client">The client that contributed it.</param>
/// <param name="Value">The number; finite.</param>
/// <param name="Weight">The client's weight; positive and finite.</param>
public readonly record struct Measurement(ClientId Client, double Value, double Weight);
