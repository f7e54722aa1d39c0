using System.Text.Json;

namespace SymRatchet.Comparison.Plots;

/// <summary>The results of a run, as its JSON file has them.</summary>
internal sealed record RunFile(string Machine, IReadOnlyList<RunFile.Scenario> Scenarios)
{
    internal static async Task<RunFile> ReadAsync(string path, CancellationToken cancellationToken)
    {
        await using FileStream file = File.OpenRead(path);
        return await JsonSerializer.DeserializeAsync<RunFile>(file, JsonSerializerOptions.Web, cancellationToken)
            ?? throw new FormatException($"{path} holds no results.");
    }

    /// <summary>The peers of a scenario, none where it was left out.</summary>
    internal IReadOnlyList<Result> Of(string scenario) =>
        Scenarios.FirstOrDefault(one => one.Name == scenario)?.Results ?? [];

    internal sealed record Scenario(string Name, string Unit, IReadOnlyList<Result> Results);

    internal sealed record Result(string Peer, double Median, double Min, double Max);
}
