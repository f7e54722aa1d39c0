using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace SymRatchet.Comparison.Running;

/// <summary>Shows results to people and writes them for programs.</summary>
internal static class Report
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    private static string Machine =>
        $"{Environment.ProcessorCount} cores, {RuntimeInformation.OSDescription}, "
        + $"{RuntimeInformation.FrameworkDescription}, {RuntimeInformation.ProcessArchitecture}";

    internal static void Show(IAnsiConsole console, ScenarioResult result)
    {
        string first = result.Scenario.MoreIsBetter ? "more is better" : "less is better";
        Table table = new()
        {
            Title = new TableTitle($"{result.Scenario.Name} ({result.Scenario.Unit}, {first})"),
            Border = TableBorder.Rounded,
        };
        table.AddColumn("peer");
        string? thing = result.Scenario.Thing;
        string[] columns = ["median", "IQR", "min", "max", $"beside {Reference(result)?.Peer}"];
        foreach (string column in (string[])[.. columns, .. thing is null ? [] : (string[])[$"CPU us/{thing}"]])
            table.AddColumn(new TableColumn(column).RightAligned());
        foreach (Samples peer in result.Peers)
        {
            string ratio = Reference(result) is { } reference ? Number(peer.Median / reference.Median) : "";
            string[] row =
            [
                peer.Peer,
                Number(peer.Median),
                Text($"{peer.Spread:P0}"),
                Number(peer.Min),
                Number(peer.Max),
                ratio,
                .. thing is null ? [] : (string[])[peer.Cpu is { } cpu ? Number(cpu) : ""],
            ];
            table.AddRow(row);
        }

        console.Write(table);
        string[] noisy = [.. result.Peers.Where(peer => peer.IsNoisy).Select(peer => peer.Peer)];
        if (noisy.Length > 0)
        {
            string names = string.Join(", ", noisy);
            console.MarkupLineInterpolated(
                $"[yellow]too noisy to tell (IQR above 20 % of the median): {names}; the machine was doing more[/]"
            );
        }
    }

    internal static async Task WriteAsync(string path, IEnumerable<ScenarioResult> results)
    {
        var report = new
        {
            machine = Machine,
            scenarios = results.Select(result => new
            {
                name = result.Scenario.Name,
                unit = result.Scenario.Unit,
                cpuUnit = result.Scenario.Thing is { } thing ? $"us/{thing}" : null,
                results = result.Peers.Select(peer => new
                {
                    peer = peer.Peer,
                    median = peer.Median,
                    min = peer.Min,
                    max = peer.Max,
                    lowerQuartile = peer.LowerQuartile,
                    upperQuartile = peer.UpperQuartile,
                    noisy = peer.IsNoisy,
                    cpu = result.Scenario.Thing is null ? null : peer.Cpu,
                }),
            }),
        };
        await File.WriteAllTextAsync(path, JsonSerializer.Serialize(report, Json) + "\n");
    }

    /// <summary>Writes one command's results, and of which machine they are.</summary>
    internal static async Task WriteJsonAsync<T>(string path, T result)
    {
        JsonObject report = JsonSerializer.SerializeToNode(result, Json)!.AsObject();
        report.Insert(0, "machine", Machine);
        await File.WriteAllTextAsync(path, report.ToJsonString(Json) + "\n");
    }

    /// <summary>A text with numbers, alike everywhere.</summary>
    internal static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    // What the others are held against: TLS where it takes part, or else AES-GCM with a fixed key.
    private static Samples? Reference(ScenarioResult result) =>
        result.Peers.FirstOrDefault(peer => peer.Peer is "sslstream" or "https" or Scenarios.SealScenario.FixedKey);

    private static string Number(double value) =>
        value.ToString(Math.Abs(value) >= 1000 ? "N0" : "G4", CultureInfo.InvariantCulture);
}
