using System.Globalization;
using System.Text;
using SymRatchet.TestKit;
using Xunit.Abstractions;

namespace SymRatchet.Revocation.Tests;

/// <summary>The times of all combinations so far, as a table in <c>artifacts/revocation-matrix.md</c>.</summary>
internal static class Report
{
    private static readonly Lock Gate = new();
    private static readonly SortedDictionary<
        (StoreKind Kind, Circumstance Circumstance),
        Dictionary<string, TimeSpan>
    > Columns = [];

    internal static void Add(
        StoreKind kind,
        Circumstance circumstance,
        IEnumerable<(Flow Flow, TimeSpan Time)> flows,
        ITestOutputHelper output
    )
    {
        Dictionary<string, TimeSpan> times = flows.ToDictionary(flow => flow.Flow.Name, flow => flow.Time);
        foreach ((string name, TimeSpan time) in times)
            output.WriteLine($"{name}: {Milliseconds(time)} ms");
        lock (Gate)
        {
            Columns[(kind, circumstance)] = times;
            Directory.CreateDirectory(Repository.PathOf("artifacts"));
            File.WriteAllText(Repository.PathOf("artifacts", "revocation-matrix.md"), Table());
        }
    }

    private static string Table()
    {
        StringBuilder table = new();
        Line("ms", Columns.Keys.Select(column => $"{column.Kind} {column.Circumstance}"));
        Line("---", Columns.Keys.Select(_ => "---:"));
        foreach ((Surface surface, Activity activity) in Matrix.Flows)
            Line($"{surface}-{activity}", Columns.Values.Select(times => Milliseconds(times[$"{surface}-{activity}"])));
        return table.ToString();

        void Line(string head, IEnumerable<string> cells) =>
            table.AppendLine($"| {head} | {string.Join(" | ", cells)} |");
    }

    private static string Milliseconds(TimeSpan time) =>
        time == Timeout.InfiniteTimeSpan ? "never" : time.TotalMilliseconds.ToString("0", CultureInfo.InvariantCulture);
}
