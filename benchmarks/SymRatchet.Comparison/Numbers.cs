using System.CommandLine;

namespace SymRatchet.Comparison;

/// <summary>Options that are numbers.</summary>
internal static class Numbers
{
    internal static Option<int> Count(
        string name,
        string description,
        int value,
        int least = 1,
        int most = int.MaxValue
    )
    {
        Option<int> option = new(name)
        {
            Description = $"{description} Default: {value}.",
            HelpName = "N",
            DefaultValueFactory = _ => value,
        };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && int.TryParse(text, out int number))
            {
                if (number < least)
                    result.AddError($"{name} is {number}; it must be {least} or more.");
                if (number > most)
                    result.AddError($"{name} is {number}; it must be {most} or less.");
            }
        });
        return option;
    }

    internal static Option<double> Seconds(string name, string description, double value, double least = double.Epsilon)
    {
        Option<double> option = new(name)
        {
            Description = $"{description} Default: {value}.",
            HelpName = "S",
            DefaultValueFactory = _ => value,
        };
        option.Validators.Add(result =>
        {
            // A day is more than anybody waits for, and less than a timer takes.
            if (
                result.Tokens is [_]
                && result.GetValueOrDefault<double>() is var time
                && !(time >= least && time <= 86_400)
            )
                result.AddError(
                    $"{name} must be {(least == 0 ? "0 or more" : "more than 0")} and at most 86400 seconds."
                );
        });
        return option;
    }

    internal static Option<FileInfo?> Json() =>
        new("--json") { Description = "A file that the results are also written to.", HelpName = "FILE" };
}
