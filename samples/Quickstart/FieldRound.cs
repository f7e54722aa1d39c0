namespace SymRatchet.Samples.Quickstart;

/// <summary>One round of a client: what it sent, what it got, and the fingerprint of its wire afterwards.</summary>
internal sealed record FieldRound(double[] Measured, double Aggregate, string Fingerprint);
