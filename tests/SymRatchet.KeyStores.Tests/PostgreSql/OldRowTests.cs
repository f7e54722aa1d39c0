using System.Security.Cryptography;
using Npgsql;
using SymRatchet.KeyStores.PostgreSql;
using SymRatchet.KeyStores.Tests.Contract;
using SymRatchet.KeyStores.Tests.Sqlite;
using SymRatchet.KeyStores.Tests.Wrapping;
using Xunit.Abstractions;

namespace SymRatchet.KeyStores.Tests.PostgreSql;

/// <summary>
/// What PostgreSQL's files still hold of keys that were replaced. The numbers that these tests write are those of
/// docs/key-stores.md. With SYMRATCHET_MEASURE=1 they also wait as long as an operator would.
/// </summary>
[Collection(PostgresServer.CollectionName)]
public sealed class OldRowTests(PostgresServer server, ITestOutputHelper output)
{
    private const int Advances = 300;

    private static readonly bool IsLong = Environment.GetEnvironmentVariable("SYMRATCHET_MEASURE") == "1";

    private readonly PostgresStores _stores = new(server);

    [SkippableFact]
    public async Task Plain_keys_stay_readable_in_the_table_and_in_the_log_long_after_they_were_replaced()
    {
        PostgreSqlKeyStore store = await _stores.OpenAsync();
        List<byte[]> old = await AdvanceAsync(store, "device 1", Advances);
        await ReportAsync("at once", old);
        await server.ExecuteAsync("CHECKPOINT");
        (_, int inLog) = await ReportAsync("after a checkpoint", old);

        // Should this ever fail, the documents are too gloomy.
        Assert.NotEqual(0, inLog);
        await server.ExecuteAsync($"VACUUM {Table}");
        await server.ExecuteAsync("CHECKPOINT");
        await ReportAsync("after a vacuum and a checkpoint", old);

        foreach (int others in (int[])[1, 10, 100, 1000])
        {
            for (int i = 0; i < others; i++)
                await store.AdvanceAsync("device 1", 100_000 + (others * 10) + i);
            await server.ExecuteAsync("CHECKPOINT");
            await ReportAsync($"after {others} more advances and a checkpoint", old);
            if (!IsLong && others == 100)
                break;
        }

        if (IsLong)
        {
            await Task.Delay(TimeSpan.FromMinutes(2));
            await ReportAsync("after two idle minutes", old);
        }

        await server.ExecuteAsync($"VACUUM FULL {Table}");
        await server.ExecuteAsync("CHECKPOINT");
        (int inTable, _) = await ReportAsync("after a full vacuum and a checkpoint", old);
        Assert.Equal(0, inTable);
        await server.ExecuteAsync("SELECT pg_switch_wal()");
        await server.ExecuteAsync("CHECKPOINT");
        await ReportAsync("after a switch of the log and a checkpoint", old);
    }

    [SkippableFact]
    public async Task Wrapped_keys_are_in_no_file_of_the_database()
    {
        using KeyRing ring = new();
        PostgreSqlKeyStore store = await _stores.OpenAsync(
            options: new PostgreSqlKeyStoreOptions { Wrapper = ring.Open() }
        );
        List<byte[]> keys = await AdvanceAsync(store, "device 1", 50);
        await server.ExecuteAsync("CHECKPOINT");
        Assert.Empty(KeySearch.Find(FilesBelow(server.DataFolder), keys));

        ring.AddKey();
        PostgreSqlKeyStore turned = await _stores.OpenAsync(
            options: new PostgreSqlKeyStoreOptions { Wrapper = ring.Open() }
        );
        Assert.Equal(1, await turned.RewrapAsync());
        Assert.Equal(0, await turned.RewrapAsync());
        ring.DeleteOldKeys();
        PostgreSqlKeyStore reopened = await _stores.OpenAsync(
            options: new PostgreSqlKeyStoreOptions { Wrapper = ring.Open() }
        );
        Assert.Equal(49, await reopened.EpochAsync("device 1"));
    }

    private string Table => $"{_stores.SchemaOf(ChannelRole.Server)}.keys";

    /// <summary>
    /// Adds an identity, moves it, and returns the root keys that it had, the last one excepted where there is more
    /// than one store.
    /// </summary>
    private static async Task<List<byte[]>> AdvanceAsync(PostgreSqlKeyStore store, string name, int count)
    {
        await store.AddAsync(TestKeys.Shared(name));
        long serial = await store.SerialAsync(name);
        List<byte[]> keys = [];
        for (int epoch = 1; epoch < count; epoch++)
        {
            byte[] key = RandomNumberGenerator.GetBytes(32);
            keys.Add([.. key]);
            await store.AdvanceAsync(name, serial, epoch, key);
        }

        keys.RemoveAt(keys.Count - 1);
        return keys;
    }

    private async Task<(int InTable, int InLog)> ReportAsync(string when, List<byte[]> old)
    {
        await using NpgsqlCommand command = server.Source.CreateCommand($"SELECT pg_relation_filepath('{Table}')");
        string file = Path.Combine(server.DataFolder, (string)(await command.ExecuteScalarAsync())!);
        int inTable = CountIn(KeySearch.ReadShared(file), old);
        int inLog = CountIn(FilesBelow(Path.Combine(server.DataFolder, "pg_wal")), old);
        output.WriteLine(
            $"{when}: of {old.Count} old keys, {inTable} in the table's file, {inLog} in the write-ahead log"
        );
        return (inTable, inLog);
    }

    private static int CountIn(byte[] bytes, List<byte[]> keys) => keys.Count(key => bytes.AsSpan().IndexOf(key) >= 0);

    private static byte[] FilesBelow(string folder) =>
        [.. Directory.GetFiles(folder, "*", SearchOption.AllDirectories).SelectMany(Content)];

    // A server at work removes and renames files of its own while they are listed; those hold nothing any more.
    private static byte[] Content(string file)
    {
        try
        {
            return KeySearch.ReadShared(file);
        }
        catch (FileNotFoundException)
        {
            return [];
        }
    }
}
