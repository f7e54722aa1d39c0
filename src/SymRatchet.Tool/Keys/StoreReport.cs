namespace SymRatchet.Tool.Keys;

/// <summary>What a check of a store found.</summary>
internal sealed record StoreReport(
    string Store,
    ChannelRole Role,
    int Clients,
    int Revoked,
    IReadOnlyList<string> Problems
);
