using Spectre.Console;
using SymRatchet.Comparison.Running;

namespace SymRatchet.Comparison.Soak;

/// <summary>What a soak has measured, as it is shown and written.</summary>
internal sealed record SoakResult(
    string Peer,
    int Clients,
    int Processes,
    double Interval,
    double Seconds,
    long RoundTripCount,
    long Errors,
    string? FirstError,
    RoundTrips Milliseconds,
    SideResult Server,
    SideResult Client
)
{
    private const int LeastForMemory = 1000;

    internal static SoakResult Of(string peer, TimeSpan interval, TimeSpan time, IReadOnlyList<SoakPart> parts) =>
        new(
            peer,
            parts.Sum(part => part.Clients),
            parts.Count,
            interval.TotalSeconds,
            time.TotalSeconds,
            parts.Sum(part => part.RoundTrips.Sum(count => count[1])),
            parts.Sum(part => part.Errors),
            parts.Select(part => part.FirstError).FirstOrDefault(error => error is not null),
            RoundTrips.Of(parts.SelectMany(part => part.RoundTrips)),
            SideResult.Of([.. parts.Select(part => part.Server)]),
            SideResult.Of([.. parts.Select(part => part.Client)])
        );

    internal void Show(IAnsiConsole console)
    {
        string servers = Processes == 1 ? "one server" : $"{Processes} servers";
        Table table = new()
        {
            Border = TableBorder.Rounded,
            Title = new TableTitle(
                Report.Text(
                    $"{Peer}: {Clients} clients of {servers}, {Seconds:0.#} s, a message each {Interval:0.###} s"
                )
            ),
        };
        table.AddColumn("what").AddColumn(new TableColumn("measured").RightAligned());
        table.AddRow("round trips", Report.Text($"{RoundTripCount:N0}"));
        string first = FirstError is null ? "" : $" (the first: {FirstError})";
        table.AddRow("errors", Markup.Escape(Report.Text($"{Errors}{first}")));
        table.AddRow("p50", Report.Text($"{Milliseconds.P50:N2} ms"));
        table.AddRow("p90", Report.Text($"{Milliseconds.P90:N2} ms"));
        table.AddRow("p99", Report.Text($"{Milliseconds.P99:N2} ms"));
        table.AddRow("p99.9", Report.Text($"{Milliseconds.P999:N2} ms"));
        table.AddRow("max", Report.Text($"{Milliseconds.Max:N2} ms"));
        Add(table, "server", Server);
        Add(table, "clients", Client);
        console.Write(table);
    }

    private void Add(Table table, string who, SideResult side)
    {
        table.AddRow($"{who}: memory of an idle channel", OfAChannel(side.IdleKiB, side.IdleHeapKiB));
        table.AddRow($"{who}: the same after the last message", OfAChannel(side.UsedKiB, side.UsedHeapKiB));
        table.AddRow($"{who}: CPU time", Report.Text($"{side.CpuSeconds:N1} s"));
        int step = Math.Max(1, side.MemoryMiB.Count / 5);
        IEnumerable<long> shown = side.MemoryMiB.Where((_, i) => i % step == 0 || i == side.MemoryMiB.Count - 1);
        table.AddRow($"{who}: memory, first to last look", Report.Text($"{string.Join(' ', shown)} MiB"));
    }

    // The program itself grows by some hundred kilobytes in a run, which is a channel's memory only among many.
    private string OfAChannel(double memory, double objects) =>
        Clients < LeastForMemory
            ? Report.Text($"{LeastForMemory:N0} clients or more tell")
            : Report.Text($"{memory:N2} KiB, objects alone {objects:N2}");
}
