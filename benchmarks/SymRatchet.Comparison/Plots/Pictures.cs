using System.Globalization;
using ScottPlot;
using ScottPlot.Plottables;
using ScottPlot.TickGenerators;

namespace SymRatchet.Comparison.Plots;

/// <summary>
/// The pictures that tell a run. Greys and colours of middling light on no background, so that light and dark pages
/// both carry them.
/// </summary>
internal static class Pictures
{
    private const int Width = 820;

    private static readonly Color Ink = Color.FromHex("#808890");
    private static readonly Color Ours = Color.FromHex("#2f9e6e");
    private static readonly Color Others = Color.FromHex("#c77d33");
    private static readonly Color Limit = Color.FromHex("#6f8fbf");
    private static readonly int[] Sizes = [64, 1024, 16384, 65536];

    private static readonly (string Scenario, string Title, string Format)[] Bars =
    [
        ("stream-64KiB", "One way, blocks of 64 KiB: GB/s, more is better", "0.00"),
        ("messages-64B", "One way, messages of 64 bytes: messages a second, more is better", "N0"),
        ("pingpong-64B", "64 bytes there and back: microseconds, less is better", "0.0"),
        ("connect", "Connect, handshake, first answer: microseconds, less is better", "N0"),
        ("http-get", "Small requests over 32 connections that stay: requests a second, more is better", "N0"),
        ("http-connect", "Small requests, each over a new connection: requests a second, more is better", "N0"),
        ("http-1GiB", "A download of 1 GiB: GB/s, more is better", "0.00"),
        ("tunnel-64KiB", "Through a pair of tunnel programs, blocks of 64 KiB: GB/s, more is better", "0.00"),
        ("tunnel-pingpong", "Through a pair of tunnel programs, there and back: microseconds, less is better", "N0"),
        ("tunnel-connect", "Through a pair of tunnel programs, connect and answer: microseconds, less is better", "N0"),
        ("idle-connection", "Server's memory for an idle connection: KiB, less is better", "0.0"),
    ];

    // What keeps the epochs at each end, which is what a fleet waits for when it connects.
    private static readonly (string Peer, string Name)[] Fleet =
    [
        ("symratchet-aegis256", "symratchet, both ends in memory"),
        ("symratchet-sqlite", "symratchet, server SQLite, client in memory"),
        ("symratchet-durable", "symratchet, server SQLite, client key file"),
        ("symratchet-sqlite-both-ends", "symratchet, both ends SQLite"),
        ("openssl-psk", "TLS with a pre-shared key, OpenSSL"),
        ("bouncycastle-psk", "TLS with a pre-shared key, BouncyCastle"),
        ("sslstream", "TLS with certificates, SslStream"),
    ];

    /// <summary>Draws what the run has results for.</summary>
    internal static IEnumerable<(string Name, string Svg)> Draw(RunFile run)
    {
        if (Sizes.All(size => run.Of($"seal-{size}").Count > 0))
            yield return ("cost-by-size", DrawCost(run));
        foreach ((string scenario, string title, string format) in Bars)
        {
            if (run.Of(scenario) is { Count: > 0 } results)
                yield return (scenario, DrawBars(title, results, format));
        }

        RunFile.Result[] fleet =
        [
            .. Fleet.SelectMany(store =>
                run.Of("connect")
                    .Where(result => result.Peer == store.Peer)
                    .Select(result => result with { Peer = store.Name })
            ),
        ];
        if (fleet.Length > 0)
            yield return ("fleet", DrawBars("Connecting, by store, beside TLS: microseconds", fleet, "N0"));
    }

    // Both scales are logarithmic: a thousand times the bytes is some hundred times the cost.
    private static string DrawCost(RunFile run)
    {
        using Plot plot = Create("Sealing one message, its new key included: nanoseconds, less is better");
        string[] peers = [.. run.Of($"seal-{Sizes[0]}").Select(result => result.Peer)];
        Color[] colours = [Ours, Ours.Darken(0.25), Ours.Lighten(0.35), Others];
        double[] x = [.. Sizes.Select(size => Math.Log10(size))];
        foreach ((int i, string peer) in peers.Index())
        {
            double[] y =
            [
                .. Sizes.Select(size => Math.Log10(run.Of($"seal-{size}").First(result => result.Peer == peer).Median)),
            ];
            Scatter line = plot.Add.Scatter(x, y, colours[i % colours.Length]);
            line.LegendText = peer;
            line.LineWidth = 2.5f;
            line.MarkerSize = 8;
            line.MarkerShape = IsOurs(peer) ? MarkerShape.FilledCircle : MarkerShape.FilledSquare;
        }

        plot.Axes.Bottom.TickGenerator = new NumericManual(
            x,
            [.. Sizes.Select(size => size < 1024 ? $"{size} B" : $"{size / 1024} KiB")]
        );
        double[] decades = [2, 3, 4, 5];
        plot.Axes.Left.TickGenerator = new NumericManual(
            decades,
            [.. decades.Select(decade => Math.Pow(10, decade).ToString("N0", CultureInfo.InvariantCulture))]
        );
        plot.ShowLegend(Alignment.UpperLeft);
        plot.Legend.BackgroundColor = Colors.Transparent;
        plot.Legend.OutlineColor = Colors.Transparent;
        plot.Legend.ShadowColor = Colors.Transparent;
        plot.Legend.FontColor = Ink;
        return plot.GetSvgXml(Width, 420);
    }

    private static string DrawBars(string title, IReadOnlyList<RunFile.Result> results, string format)
    {
        using Plot plot = Create(title);
        double longest = results.Max(result => result.Median);
        foreach ((int i, RunFile.Result result) in results.Index())
        {
            int row = results.Count - 1 - i;
            plot.Add.Bar(
                new Bar
                {
                    Position = row,
                    Value = result.Median,
                    FillColor =
                        result.Peer is "tcp" or "http" ? Limit
                        : IsOurs(result.Peer) ? Ours
                        : Others,
                    LineWidth = 0,
                    Size = 0.66,
                    Orientation = Orientation.Horizontal,
                }
            );
            Text label = plot.Add.Text(
                result.Median.ToString(format, CultureInfo.InvariantCulture),
                result.Median + (longest * 0.01),
                row
            );
            label.LabelFontColor = Ink;
            label.LabelFontSize = 13;
            label.LabelAlignment = Alignment.MiddleLeft;
        }

        plot.Axes.Left.TickGenerator = new NumericManual(
            [.. results.Select((_, i) => (double)(results.Count - 1 - i))],
            [.. results.Select(result => result.Peer)]
        );
        plot.Axes.Left.MajorTickStyle.Length = 0;
        plot.Axes.Bottom.IsVisible = false;
        plot.HideGrid();
        plot.Axes.SetLimits(0, longest * 1.14, -0.6, results.Count - 0.4);
        return plot.GetSvgXml(Width, 70 + (30 * results.Count));
    }

    private static Plot Create(string title)
    {
        Plot plot = new();
        plot.FigureBackground.Color = Colors.Transparent;
        plot.DataBackground.Color = Colors.Transparent;
        plot.Axes.Color(Ink);
        plot.Grid.MajorLineColor = Ink.WithAlpha(0.3);
        plot.Axes.Right.FrameLineStyle.Width = 0;
        plot.Axes.Top.FrameLineStyle.Width = 0;
        plot.Title(title, size: 15);
        plot.Axes.Title.Label.ForeColor = Ink;
        return plot;
    }

    private static bool IsOurs(string peer) => peer.StartsWith("symratchet", StringComparison.Ordinal);
}
