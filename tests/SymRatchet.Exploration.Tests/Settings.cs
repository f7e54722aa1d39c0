using System.Globalization;

namespace SymRatchet.Exploration;

/// <summary>How deep to go, from the environment.</summary>
internal static class Settings
{
    /// <summary>EXPLORATION_DEPTH: departures from the default order in the systematic part.</summary>
    internal static int Depth { get; } = Number("EXPLORATION_DEPTH", 2);

    /// <summary>EXPLORATION_RUNS: the most runs of one scenario in each part.</summary>
    internal static int Runs { get; } = Number("EXPLORATION_RUNS", 150);

    /// <summary>EXPLORATION_FAILURES: after how many failed runs of one scenario to stop.</summary>
    internal static int Failures { get; } = Number("EXPLORATION_FAILURES", 3);

    /// <summary>EXPLORATION_SEED: the first seed of the random walks.</summary>
    internal static int Seed { get; } = Number("EXPLORATION_SEED", 1);

    /// <summary>EXPLORATION_PATIENCE_MS: real time for what is late, before it counts as a violation.</summary>
    internal static int PatienceMilliseconds { get; } = Number("EXPLORATION_PATIENCE_MS", 2500);

    /// <summary>
    /// EXPLORATION_STALL_MS: real time without a step while a thread waits, after which a call counts as blocking it.
    /// </summary>
    internal static int StallMilliseconds { get; } = Number("EXPLORATION_STALL_MS", 2000);

    private static int Number(string name, int otherwise) =>
        int.TryParse(
            Environment.GetEnvironmentVariable(name),
            NumberStyles.None,
            CultureInfo.InvariantCulture,
            out int value
        )
            ? value
            : otherwise;
}
