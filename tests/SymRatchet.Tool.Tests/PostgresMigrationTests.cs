using System.Globalization;
using SymRatchet.KeyStores.PostgreSql;
using SymRatchet.KeyStores.Sqlite;
using SymRatchet.KeyStores.Tests.Contract;
using SymRatchet.KeyStores.Tests.PostgreSql;

namespace SymRatchet.Tool.Tests;

/// <summary>
/// From a file to a database: copied whole, known not to be until then, and completed by the next run.
/// </summary>
[Collection(PostgresServer.CollectionName)]
public sealed class PostgresMigrationTests(PostgresServer server) : IDisposable
{
    private const int Clients = 300;
    private const string Schema = "migrated";

    private readonly ToolFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [SkippableFact]
    public async Task A_migration_to_a_database_that_stops_half_way_is_told_by_check_and_completed_by_the_next_run()
    {
        string[] migrate =
        [
            "store",
            "migrate",
            "--store",
            _folder.Server,
            "--to-postgres",
            server.ConnectionString,
            "--to-schema",
            Schema,
        ];
        string[] check = ["store", "check", "--postgres", server.ConnectionString, "--schema", Schema];
        PostgreSqlKeyStore target = await PostgreSqlKeyStore.CreateAsync(
            server.Source,
            ChannelRole.Server,
            new PostgreSqlKeyStoreOptions { Schema = Schema }
        );
        await using (var source = SqliteKeyStore.Open(_folder.Server, ChannelRole.Server))
        {
            foreach (int i in Enumerable.Range(0, Clients))
                await source.AddAsync(TestKeys.Shared(NameOf(i)));
            await source.RotateAsync(TestKeys.Shared(NameOf(7), generation: 1));
        }

        await ToolRun.GoodAsync("store", "init", "--postgres", server.ConnectionString, "--schema", Schema);
        await target.AddAsync(TestKeys.Shared(NameOf(200), generation: 5)); // in the way
        await ToolRun.BadAsync(1, "another key", migrate);
        ToolRun unfinished = await ToolRun.RunAsync(check);
        Assert.Equal(1, unfinished.ExitCode);
        Assert.Contains("not finished", unfinished.Error, StringComparison.Ordinal);
        PostgreSqlKeyStoreOptions options = new() { Schema = Schema };
        foreach (
            Func<Task> open in (Func<Task>[])
                [
                    async () => await PostgreSqlKeyStore.OpenAsync(server.Source, ChannelRole.Server, options),
                    async () => await PostgreSqlKeyStore.CreateAsync(server.Source, ChannelRole.Server, options),
                ]
        )
        {
            var refused = await Assert.ThrowsAsync<KeyStoreException>(open);
            Assert.Contains("not finished", refused.Message, StringComparison.Ordinal);
        }

        await server.ExecuteAsync($"DELETE FROM {Schema}.keys WHERE id = '{NameOf(200)}'");
        await ToolRun.GoodAsync(migrate);
        Assert.Contains(
            $"clients: {Clients}, revoked: 0, problems: 0",
            await ToolRun.GoodAsync(check),
            StringComparison.Ordinal
        );
        PostgreSqlKeyStore finished = await PostgreSqlKeyStore.OpenAsync(server.Source, ChannelRole.Server, options);
        Assert.True((await finished.DescribeAsync(NameOf(7)))!.IsRotating);
    }

    [SkippableFact]
    public async Task A_database_is_not_copied_into_itself()
    {
        await ToolRun.GoodAsync("store", "init", "--postgres", server.ConnectionString, "--schema", "itself");
        await ToolRun.BadAsync(
            1,
            "one and the same store",
            "store",
            "migrate",
            "--postgres",
            server.ConnectionString,
            "--schema",
            "itself",
            "--to-postgres",
            server.ConnectionString + ";Application Name=other",
            "--to-schema",
            "itself"
        );
        await ToolRun.GoodAsync("store", "init", "--postgres", server.ConnectionString, "--schema", "beside");
        ToolRun beside = await ToolRun.RunAsync(
            "store",
            "migrate",
            "--postgres",
            server.ConnectionString,
            "--schema",
            "itself",
            "--to-postgres",
            server.ConnectionString,
            "--to-schema",
            "beside"
        );
        Assert.Equal(0, beside.ExitCode);
        Assert.Contains("warning: ", beside.Error, StringComparison.Ordinal); // who else uses it is not known
        await ToolRun.GoodAsync("store", "check", "--postgres", server.ConnectionString, "--schema", "itself");
    }

    private static string NameOf(int client) => string.Create(CultureInfo.InvariantCulture, $"client-{client}");
}
