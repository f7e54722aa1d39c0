namespace SymRatchet.Comparison.Storm;

/// <summary>What became of the clients of one process.</summary>
/// <param name="Waits">
/// Seconds from the new server's listening to a client's first answer, of those that had one.
/// </param>
/// <param name="FailuresBefore">Attempts that failed before the new server listened, by reason.</param>
/// <param name="Failures">Attempts that failed after that.</param>
/// <param name="Over">Clients that have given up for good.</param>
/// <param name="CpuSeconds">The time of the process's threads since it began.</param>
internal sealed record StormClientsResult(
    IReadOnlyList<double> Waits,
    IReadOnlyDictionary<string, int> FailuresBefore,
    IReadOnlyDictionary<string, int> Failures,
    int Over,
    double CpuSeconds
);
