namespace SymRatchet.Stress.Ends;

/// <summary>Sizes of what is sent at once: mostly small, some at the edges, some large.</summary>
internal static class Sizes
{
    internal const int Max = 300_000;

    internal static int Next(Random random) =>
        random.Next(10) switch
        {
            0 => random.Next(2),
            < 5 => random.Next(1, 2_000),
            < 7 => random.Next(1, 20_000),
            7 => 64 * 1024 + random.Next(-20, 20),
            _ => random.Next(1, Max),
        };
}
