namespace SymRatchet.Samples.Server.Dashboard;

/// <summary>A client as the page is told of it.</summary>
/// <param name="Client">Its name in the rounds.</param>
/// <param name="Remote">Where it connects from.</param>
/// <param name="Suite">The ciphers of its session.</param>
/// <param name="Epoch">The epoch its session grew from; null for the seed protocol, which has none.</param>
/// <param name="Round">The round that it contributed to last; 0 for none.</param>
/// <param name="Steps">How many steps its two ratchets have made.</param>
/// <param name="Fingerprint">A short hash of all that passed on its wire, other at every step.</param>
/// <param name="Waits">Whether it waits for the answer of its round.</param>
internal sealed record ClientView(
    string Client,
    string Remote,
    string Suite,
    long? Epoch,
    long Round,
    long Steps,
    string Fingerprint,
    bool Waits
);
