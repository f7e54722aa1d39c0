using System.Text.Json;

namespace SymRatchet.Comparison.Plots;

/// <summary>The results of a run, as its JSON file has them.</summary>
internal sealed record RunFile(string Machine, IReadOnlyList<RunFile.Scenario> Scenarios)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerOptions.Web)
    {
        RespectRequiredConstructorParameters = true,
    };

    /// <exception cref="UsageException">It is another file.</exception>
    internal static async Task<RunFile> ReadAsync(string path, CancellationToken cancellationToken)
    {
        await using FileStream file = File.OpenRead(path);
        try
        {
            if (await JsonSerializer.DeserializeAsync<RunFile>(file, Json, cancellationToken) is { } run)
                return run;
        }
        catch (JsonException)
        {
            // Said below.
        }

        throw new UsageException($"{path} is not what a run of the comparison wrote with --json.");
    }

    /// <summary>The peers of a scenario, none where it was left out.</summary>
    internal IReadOnlyList<Result> Of(string scenario) =>
        Scenarios.FirstOrDefault(one => one.Name == scenario)?.Results ?? [];

    internal sealed record Scenario(string Name, string Unit, IReadOnlyList<Result> Results);

    internal sealed record Result(string Peer, double Median, double Min, double Max);
}
