using System.Globalization;

namespace SymRatchet.Stress;

/// <summary>What is run, and for how long.</summary>
internal sealed record StressOptions
{
    internal const string Usage =
        "--minutes N   how long, 1 by default; a fraction is allowed\n"
        + "--seed S      the plan of every step follows from it; 1 by default\n"
        + "--parallel P  steps at a time, 8 by default\n"
        + "--only NAME   one scenario\n"
        + "--step N      one step, again and again";

    internal double Minutes { get; private init; } = 1;

    internal int Seed { get; private init; } = 1;

    internal int Parallel { get; private init; } = 8;

    internal string? Only { get; private init; }

    internal long? Step { get; private init; }

    /// <summary>Null where the arguments make no sense.</summary>
    internal static StressOptions? Parse(string[] args)
    {
        StressOptions options = new();
        for (int i = 0; i < args.Length; i += 2)
        {
            string value = i + 1 < args.Length ? args[i + 1] : "";
            bool isNumber = double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out double number);
            StressOptions? next = args[i] switch
            {
                "--minutes" when isNumber && number > 0 => options with { Minutes = number },
                "--seed" when isNumber => options with { Seed = (int)number },
                "--parallel" when isNumber && number >= 1 => options with { Parallel = (int)number },
                "--step" when isNumber && number >= 0 => options with { Step = (long)number },
                "--only" when value.Length > 0 => options with { Only = value },
                _ => null,
            };
            if (next is null)
                return null;
            options = next;
        }

        return options;
    }
}
