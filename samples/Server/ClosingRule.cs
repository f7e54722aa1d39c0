using System.CommandLine.Parsing;
using SymRatchet.Aggregation;

namespace SymRatchet.Samples.Server;

/// <summary>The rules of closing a round as the command line names them.</summary>
internal static class ClosingRule
{
    internal const string AtOnce = "at-once";
    private const string AllPresent = "all-present";
    private const string Quorum = "quorum";
    private const string Time = "time";

    private static readonly string[] Names = [AtOnce, AllPresent, Quorum, Time];

    internal static void Validate(OptionResult result)
    {
        if (result.Tokens is [{ Value: { } name }] && !Names.Contains(name))
            result.AddError($"There is no rule '{name}'; there are {string.Join(", ", Names)}.");
    }

    internal static void ValidateTimeLimit(OptionResult result)
    {
        if (
            result.Tokens is [{ Value: { } text }]
            && int.TryParse(text, out int milliseconds)
            && milliseconds is < 1 or > 86_400_000
        )
            result.AddError($"--time-limit is {milliseconds}; it must be 1 to 86400000 milliseconds.");
    }

    internal static RoundClosing Parse(string name, int quorum, int? timeLimitMilliseconds)
    {
        TimeSpan? limit = timeLimitMilliseconds is { } milliseconds ? TimeSpan.FromMilliseconds(milliseconds) : null;
        return name switch
        {
            AllPresent => RoundClosing.WhenAllPresent(quorum, limit),
            Quorum => RoundClosing.AtQuorum(quorum, limit),
            Time => RoundClosing.After(limit ?? throw new SampleException("--close time needs --time-limit")),
            _ => RoundClosing.Immediately,
        };
    }
}
