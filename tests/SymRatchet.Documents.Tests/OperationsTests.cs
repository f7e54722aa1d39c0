using System.Text.RegularExpressions;
using SymRatchet.Documents.Tests.Markdown;
using SymRatchet.Documents.Tests.Running;
using SymRatchet.KeyStores.Tests.PostgreSql;
using SymRatchet.TestKit;

namespace SymRatchet.Documents.Tests;

/// <summary>The operators' guide: its table of failures knows log and metrics, its drill for PostgreSQL runs.</summary>
public sealed partial class OperationsTests(PostgresServer postgres) : IClassFixture<PostgresServer>
{
    private static readonly Document Guide = new("docs/operations.md");

    private static IEnumerable<string> Failures =>
        Guide
            .Prose.SkipWhile(line => line != "## When something fails")
            .Skip(1)
            .TakeWhile(line => !line.StartsWith("## ", StringComparison.Ordinal));

    [Fact]
    public void Every_warning_of_the_log_is_in_the_table_of_failures_and_every_event_there_is_one()
    {
        string[] named = [.. Failures.SelectMany(line => Event().Matches(line)).Select(match => match.Groups[1].Value)];
        string log = Diagnostics("ChannelLog.cs");
        Assert.DoesNotContain(Warning().Matches(log), warning => !named.Contains(warning.Groups[1].Value));
        Assert.NotEmpty(named);
        Assert.DoesNotContain(named, number => !log.Contains($"EventId = {number},", StringComparison.Ordinal));
    }

    [Fact]
    public void Every_metric_in_the_table_of_failures_is_one()
    {
        string[] named = [.. Failures.SelectMany(line => Metric().Matches(line)).Select(match => match.Value)];
        string metrics = Diagnostics("ChannelMetrics.cs");
        Assert.True(named.Length >= 5, "the metrics are not where they were");
        Assert.DoesNotContain(named, metric => !metrics.Contains($"\"{metric}\"", StringComparison.Ordinal));
    }

    [SkippableFact]
    public async Task The_restore_drill_for_PostgreSQL_runs_as_it_stands()
    {
        using TemporaryFolder folder = new();
        string commands = string.Join(
            '\n',
            Guide.Blocks.Where(block => block.Language == "bash").Select(block => block.Text)
        );
        Assert.Contains("pg_restore", commands, StringComparison.Ordinal);
        await ToolCommand.RunAsync(
            folder.Path,
            $"""
            STORE='{postgres.ConnectionString}'
            DB='host={Path.GetDirectoryName(postgres.DataFolder)} user=postgres dbname=postgres'
            symratchet store init --postgres "$STORE"
            {commands}
            """
        );

        // The list is what brings the revocation back.
        string show = await ToolCommand.RunAsync(
            folder.Path,
            $"symratchet key list --postgres '{postgres.ConnectionString}'"
        );
        Assert.Contains("revoked", show, StringComparison.Ordinal);
    }

    private static string Diagnostics(string file) =>
        File.ReadAllText(Repository.PathOf("src", "SymRatchet", "Diagnostics", file));

    [GeneratedRegex(@"EventId = (\d+),\s*Level = LogLevel\.(?:Warning|Error)")]
    private static partial Regex Warning();

    [GeneratedRegex(@"\bevent (\d+)")]
    private static partial Regex Event();

    [GeneratedRegex(@"symratchet\.[a-z.]*[a-z]")]
    private static partial Regex Metric();
}
