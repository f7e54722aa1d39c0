namespace SymRatchet.Comparison.Soak;

/// <summary>What one server and its clients have seen.</summary>
/// <param name="Clients">How many clients there were.</param>
/// <param name="Errors">How many of them had an error.</param>
/// <param name="FirstError">The first one.</param>
/// <param name="RoundTrips">Pairs: microseconds, and how often they were counted.</param>
/// <param name="Server">The server's process.</param>
/// <param name="Client">The process of the clients.</param>
internal sealed record SoakPart(
    int Clients,
    long Errors,
    string? FirstError,
    IReadOnlyList<long[]> RoundTrips,
    SideResult Server,
    SideResult Client
);
