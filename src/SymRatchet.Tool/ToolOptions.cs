using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace SymRatchet.Tool;

/// <summary>Options that are numbers within limits.</summary>
internal static class ToolOptions
{
    private const double SecondsOfDay = 24 * 60 * 60;

    /// <summary>A time in seconds, less than a day.</summary>
    internal static Option<double> Seconds(string name, string description, double defaultValue, double least)
    {
        Option<double> option = new(name)
        {
            Description = description,
            HelpName = "SECONDS",
            DefaultValueFactory = _ => defaultValue,
        };
        option.Validators.Add(result => CheckRange(result, name, least, SecondsOfDay));
        return option;
    }

    /// <summary>A time in seconds, less than a day; null if it is not given.</summary>
    internal static Option<double?> OptionalSeconds(string name, string description, double least)
    {
        Option<double?> option = new(name) { Description = description, HelpName = "SECONDS" };
        option.Validators.Add(result => CheckRange(result, name, least, SecondsOfDay));
        return option;
    }

    /// <summary>A number; null if it is not given.</summary>
    internal static Option<int?> Count(string name, string description, int least, int most)
    {
        Option<int?> option = new(name) { Description = description, HelpName = "N" };
        option.Validators.Add(result => CheckRange(result, name, least, most));
        return option;
    }

    /// <summary>One or more of the values of an enumeration.</summary>
    internal static Option<T[]> Several<T>(string name, string description)
        where T : struct, Enum
    {
        Option<T[]> option = new(name) { Description = description, AllowMultipleArgumentsPerToken = true };
        // Those of an array it does not find itself. Nothing is chosen by the name of no choice.
        option.CompletionSources.Add([.. Enum.GetNames<T>().Where(value => value != nameof(CipherSuiteId.None))]);
        return option;
    }

    private static void CheckRange(OptionResult result, string name, double least, double most)
    {
        if (
            result.Tokens.Count == 1
            && double.TryParse(result.Tokens[0].Value, CultureInfo.InvariantCulture, out double value)
            && !(value >= least && value <= most)
        )
            result.AddError(
                string.Create(CultureInfo.InvariantCulture, $"{name} is {value}; it must be {least} to {most}.")
            );
    }
}
