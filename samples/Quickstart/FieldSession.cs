namespace SymRatchet.Samples.Quickstart;

/// <summary>One session of a client: the suite and the epoch that both sides agreed on, and its rounds.</summary>
internal sealed record FieldSession(string Client, CipherSuiteId Suite, long Epoch, IReadOnlyList<FieldRound> Rounds);
