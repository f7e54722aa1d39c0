using System.Globalization;
using System.Security.Cryptography;
using Microsoft.Data.Sqlite;
using Npgsql;
using SymRatchet.KeyStores.PostgreSql;
using SymRatchet.KeyStores.Sqlite;

namespace SymRatchet.Benchmarks;

/// <summary>
/// A store with many identities, filled in seconds. One identity is added as everybody does it; in a database the
/// others are copies of its row under other ids.
/// </summary>
internal sealed class GrowingStore : IAsyncDisposable
{
    internal const string Memory = "memory";
    internal const string Sqlite = "sqlite";
    internal const string Postgres = "postgresql";

    private const int SaySoAfter = 100_000;

    private static readonly string? Database = Environment.GetEnvironmentVariable("SYMRATCHET_POSTGRES");

    private readonly string _folder = Directory.CreateTempSubdirectory("symratchet-bench-").FullName;
    private readonly string _schema = $"bench_{Guid.NewGuid():n}";
    private readonly string _kind;
    private readonly NpgsqlDataSource? _source;

    private GrowingStore(string kind)
    {
        _kind = kind;
        _source = kind == Postgres ? NpgsqlDataSource.Create(Database!) : null;
    }

    internal static bool HasPostgres => Database is not null;

    /// <summary>The filled store.</summary>
    internal IKeyDirectory Keys { get; private set; } = null!;

    /// <summary>The serial of the first identity; those of the others follow.</summary>
    internal long FirstSerial { get; private set; }

    internal static ClientId IdOf(int number) => string.Create(CultureInfo.InvariantCulture, $"client {number:D8}");

    internal static async Task<GrowingStore> CreateAsync(string kind, int size)
    {
        GrowingStore store = new(kind);
        store.Keys = await store.OpenAsync();
        using PreSharedKey key = PreSharedKey.Generate(IdOf(0));
        await store.Keys.AddAsync(key);
        using (StoredKey first = (await store.Keys.FindAsync(IdOf(0)))!)
            store.FirstSerial = first.Serial;
        switch (kind)
        {
            case Memory:
                Fill((InMemoryKeyStore)store.Keys, size - 1, static _ => { });
                break;
            case Sqlite:
                await CloseAsync(store.Keys);
                FillSqlite(store.File, size - 1);
                store.Keys = await store.OpenAsync();
                break;
            default:
                await store.FillPostgresAsync(size - 1);
                break;
        }

        return store;
    }

    /// <summary>Opens the same store once more, as a server that starts does.</summary>
    internal async Task<IKeyDirectory> OpenAsync() =>
        _kind switch
        {
            Memory => new InMemoryKeyStore(ChannelRole.Server),
            Sqlite => SqliteKeyStore.Open(File, ChannelRole.Server),
            _ => await PostgreSqlKeyStore.CreateAsync(
                _source!,
                ChannelRole.Server,
                new PostgreSqlKeyStoreOptions { Schema = _schema }
            ),
        };

    internal static async Task CloseAsync(IKeyDirectory keys)
    {
        if (keys is IAsyncDisposable store)
            await store.DisposeAsync();
    }

    /// <summary>Adds identities 1 to count.</summary>
    internal static void Fill(InMemoryKeyStore store, int count, Action<string> say)
    {
        byte[] secret = RandomNumberGenerator.GetBytes(PreSharedKey.Size);
        for (int i = 1; i <= count; i++)
        {
            using var key = PreSharedKey.Import(IdOf(i), secret);
            store.Add(key);
            if (i % SaySoAfter == 0)
                say(string.Create(CultureInfo.InvariantCulture, $"{i} of {count}"));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync(Keys);
        if (_source is not null)
        {
            await using (NpgsqlCommand drop = _source.CreateCommand($"DROP SCHEMA {_schema} CASCADE"))
                await drop.ExecuteNonQueryAsync();
            await _source.DisposeAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }

    private string File => Path.Combine(_folder, "bench.keys");

    private static void FillSqlite(string file, int count)
    {
        using SqliteConnection connection = new($"Data Source={file};Pooling=False");
        connection.Open();
        using SqliteCommand fill = connection.CreateCommand();
        fill.CommandText = """
            PRAGMA synchronous = OFF;
            BEGIN;
            WITH RECURSIVE numbers (number) AS (
                SELECT 1
                UNION ALL
                SELECT number + 1 FROM numbers WHERE number < $count
            )
            INSERT INTO keys (id, protocol, evolution, suites, serial, identity_key, epoch, epoch_key, added)
            SELECT CAST(printf('client %08d', number) AS BLOB), protocol, evolution, suites, serial + number,
                identity_key, epoch, epoch_key, added
            FROM numbers, (SELECT * FROM keys LIMIT 1);
            UPDATE store SET value = (SELECT max(serial) FROM keys) WHERE name = 'serial';
            COMMIT;
            """;
        fill.Parameters.AddWithValue("$count", count);
        fill.ExecuteNonQuery();
    }

    private async Task FillPostgresAsync(int count)
    {
        await using NpgsqlCommand fill = _source!.CreateCommand(
            $"""
            INSERT INTO {_schema}.keys
                (id, protocol, evolution, suites, serial, identity_key, epoch, epoch_key, added)
            SELECT convert_to('client ' || lpad(number::text, 8, '0'), 'UTF8'), protocol, evolution, suites,
                serial + number, identity_key, epoch, epoch_key, added
            FROM {_schema}.keys, generate_series(1, {count.ToString(CultureInfo.InvariantCulture)}) AS number
            """
        );
        fill.CommandTimeout = 600;
        await fill.ExecuteNonQueryAsync();
        await using NpgsqlCommand settle = _source.CreateCommand(
            $"""
            SELECT setval('{_schema}.serials', (SELECT max(serial) FROM {_schema}.keys));
            ANALYZE {_schema}.keys
            """
        );
        settle.CommandTimeout = 600;
        await settle.ExecuteNonQueryAsync();
    }
}
