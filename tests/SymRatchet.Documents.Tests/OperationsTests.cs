using System.Text.RegularExpressions;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using SymRatchet.Documents.Tests.Code;
using SymRatchet.Documents.Tests.Markdown;
using SymRatchet.Documents.Tests.Running;
using SymRatchet.KeyStores.Sqlite;
using SymRatchet.KeyStores.Tests.Contract;
using SymRatchet.KeyStores.Tests.PostgreSql;

namespace SymRatchet.Documents.Tests;

/// <summary>The operators' guide: its table of failures knows log and metrics, its drills run.</summary>
public sealed partial class OperationsTests(PostgresServer postgres) : IClassFixture<PostgresServer>
{
    private static readonly Document Guide = new("docs/operations.md");

    private static IEnumerable<string> Failures => Guide.Section("## When something fails");

    [Fact]
    public void Every_warning_and_error_of_the_log_is_in_the_table_of_failures()
    {
        string[] named = [.. Failures.SelectMany(line => Event().Matches(line)).Select(match => match.Groups[1].Value)];
        Assert.DoesNotContain(LogEvent.All, line => line.Level >= LogLevel.Warning && !named.Contains($"{line.Id}"));
    }

    [Fact]
    public async Task The_restore_drill_for_SQLite_restores_the_backup_after_a_server_was_killed()
    {
        if (OperatingSystem.IsWindows())
            return; // the commands are those of a Unix shell

        using TemporaryFolder folder = new();
        string[] blocks = [.. Guide.Blocks.Where(block => block.Language == "sh").Select(block => block.Text)];
        int restore = Array.FindIndex(
            blocks,
            block => block.Contains("cp -p backup.keys server.keys", StringComparison.Ordinal)
        );
        foreach (string block in blocks[..restore])
            await ToolCommand.RunAsync(folder.Path, block);
        await ToolCommand.RunAsync(folder.Path, AddedAndRevokedSince("--store server.keys"));
        await LeaveLogAsync(Path.Combine(folder.Path, "server.keys"));
        await ToolCommand.RunAsync(folder.Path, blocks[restore]);

        string list = await ToolCommand.RunAsync(folder.Path, "symratchet key list --store server.keys");
        Assert.Contains("sensor-19", list, StringComparison.Ordinal);
        Assert.DoesNotContain("late", list, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task The_restore_drill_for_PostgreSQL_runs_as_it_stands()
    {
        using TemporaryFolder folder = new();
        string[] blocks = [.. Guide.Blocks.Where(block => block.Language == "bash").Select(block => block.Text)];
        Assert.Equal(2, blocks.Length);
        Assert.Contains("pg_restore", blocks[1], StringComparison.Ordinal);
        await ToolCommand.RunAsync(
            folder.Path,
            $"""
            STORE='{postgres.ConnectionString}'
            DB='host={Path.GetDirectoryName(postgres.DataFolder)} user=postgres dbname=postgres'
            symratchet store init --postgres "$STORE"
            {blocks[0]}
            {AddedAndRevokedSince("--postgres \"$STORE\"")}
            {blocks[1]}
            """
        );

        // The list is what brings the revocation back.
        string show = await ToolCommand.RunAsync(
            folder.Path,
            $"symratchet key list --postgres '{postgres.ConnectionString}'"
        );
        Assert.Contains("revoked", show, StringComparison.Ordinal);
    }

    // In the list of what is revoked, and not in the backup.
    private static string AddedAndRevokedSince(string store) =>
        $"""
            symratchet key add late-1 {store} --out late-1.credential
            symratchet key revoke late-1 {store}
            symratchet key list --revoked --ids {store} > revoked.list
            """;

    // What a server that is killed leaves while somebody reads the store: a log full of changes.
    private static async Task LeaveLogAsync(string path)
    {
        string[] files = [path, path + "-wal", path + "-shm"];
        await using (var store = SqliteKeyStore.Open(path, ChannelRole.Server))
        {
            await using SqliteConnection reader = new($"Data Source={path};Pooling=False");
            await reader.OpenAsync();
            await using SqliteTransaction reading = reader.BeginTransaction(deferred: true);
            await using (SqliteCommand read = reader.CreateCommand())
            {
                read.CommandText = "SELECT count(*) FROM store";
                await read.ExecuteScalarAsync();
            }

            foreach (int i in Enumerable.Range(2, 50))
                await store.AddAsync(TestKeys.Shared($"late-{i}"));
            foreach (string file in files)
                File.Copy(file, file + ".left");
        }

        foreach (string file in files)
            File.Move(file + ".left", file, overwrite: true);
        Assert.NotEqual(0, new FileInfo(path + "-wal").Length);
    }

    [GeneratedRegex(@"\bevent (\d+)")]
    private static partial Regex Event();
}
