using Spectre.Console;
using SymRatchet.Comparison.Running;

namespace SymRatchet.Comparison.Storm;

/// <summary>
/// What a storm has measured, as it is shown and written. Times are seconds since the new server listened; a share is
/// one of all clients, and has no time if fewer came back.
/// </summary>
internal sealed record StormResult(
    string Store,
    int Clients,
    int Strangers,
    int Addresses,
    double FirstDelaySeconds,
    double LongestDelaySeconds,
    double DownSeconds,
    int Back,
    int Over,
    double? Half,
    double? P90,
    double? P99,
    double? Longest,
    IReadOnlyDictionary<string, int> FailuresWhileDown,
    IReadOnlyDictionary<string, int> Failures,
    double ServerCpuSeconds,
    double ClientsCpuSeconds,
    int StrangersOpened
)
{
    internal static StormResult Of(
        StormPlan plan,
        double down,
        IReadOnlyList<StormClientsResult> results,
        double serverCpu,
        int strangersOpened
    )
    {
        double[] waits = [.. results.SelectMany(result => result.Waits).Order()];
        return new StormResult(
            plan.Store,
            plan.Clients,
            plan.Strangers,
            plan.Addresses,
            plan.FirstDelay.TotalSeconds,
            plan.LongestDelay.TotalSeconds,
            down,
            waits.Length,
            results.Sum(result => result.Over),
            At(waits, plan.Clients, 0.5),
            At(waits, plan.Clients, 0.9),
            At(waits, plan.Clients, 0.99),
            At(waits, plan.Clients, 1),
            Sum(results.Select(result => result.FailuresBefore)),
            Sum(results.Select(result => result.Failures)),
            serverCpu,
            results.Sum(result => result.CpuSeconds),
            strangersOpened
        );
    }

    internal void Show(IAnsiConsole console)
    {
        string beside = Strangers == 0 ? "" : $", {Strangers} strangers";
        Table table = new()
        {
            Border = TableBorder.Rounded,
            Title = new TableTitle(Report.Text($"{Clients} clients come back, server with {Store}{beside}")),
        };
        table.AddColumn("what").AddColumn(new TableColumn("measured").RightAligned());
        table.AddRow("without a server", Report.Text($"{DownSeconds:N2} s"));
        table.AddRow("back", Report.Text($"{Back:N0} of {Clients:N0}"));
        table.AddRow("half of them after", Time(Half));
        table.AddRow("90 % after", Time(P90));
        table.AddRow("99 % after", Time(P99));
        table.AddRow("the last one after", Time(Longest));
        table.AddRow("gave up for good", Report.Text($"{Over:N0}"));
        Add(table, "attempts that failed", Failures);
        Add(table, "attempts while there was no server", FailuresWhileDown);
        table.AddRow("CPU time of the new server", Report.Text($"{ServerCpuSeconds:N2} s"));
        table.AddRow("CPU time of the clients, their beginning included", Report.Text($"{ClientsCpuSeconds:N2} s"));
        if (Strangers > 0)
            table.AddRow("connections of strangers", Report.Text($"{StrangersOpened:N0}"));
        console.Write(table);
    }

    private static void Add(Table table, string what, IReadOnlyDictionary<string, int> failures)
    {
        if (failures.Count == 0)
            table.AddRow(what, "none");
        foreach ((string reason, int count) in failures.OrderByDescending(failure => failure.Value))
            table.AddRow(Markup.Escape($"{what}: {reason}"), Report.Text($"{count:N0}"));
    }

    private static string Time(double? seconds) => seconds is null ? "not reached" : Report.Text($"{seconds:N2} s");

    private static double? At(double[] sorted, int clients, double share)
    {
        int count = (int)Math.Ceiling(share * clients);
        return count <= sorted.Length ? sorted[count - 1] : null;
    }

    private static Dictionary<string, int> Sum(IEnumerable<IReadOnlyDictionary<string, int>> all) =>
        all.SelectMany(one => one).GroupBy(one => one.Key).ToDictionary(one => one.Key, one => one.Sum(n => n.Value));
}
