namespace SymRatchet.Tool.Bench;

/// <summary>What the tests against a server have found; times in milliseconds, rates in seconds.</summary>
internal sealed record BenchReport(
    string Address,
    string ClientId,
    string Suite,
    int Size,
    double Connect,
    double Handshake,
    IReadOnlyList<BenchResult> Results
);
