using Npgsql;
using SymRatchet.KeyStores.PostgreSql;
using SymRatchet.KeyStores.Sqlite;

namespace SymRatchet.Comparison.Storm;

/// <summary>The store of the server that comes back.</summary>
internal sealed class StormStore : IAsyncDisposable
{
    internal const string Memory = "memory";
    internal const string Sqlite = "sqlite";
    internal const string Postgres = "postgres";

    /// <summary>Names a database to which the run may write.</summary>
    internal const string PostgresVariable = "SYMRATCHET_POSTGRES";

    private readonly NpgsqlDataSource? _source;

    private StormStore(IKeyDirectory keys, NpgsqlDataSource? source)
    {
        Keys = keys;
        _source = source;
    }

    internal IKeyDirectory Keys { get; }

    /// <summary>Opens the store of a run, or makes it.</summary>
    /// <param name="kind">One of the three.</param>
    /// <param name="place">The file, or the schema.</param>
    internal static async Task<StormStore> OpenAsync(string kind, string place)
    {
        switch (kind)
        {
            case Memory:
                return new StormStore(new InMemoryKeyStore(ChannelRole.Server), null);
            case Sqlite:
                return new StormStore(SqliteKeyStore.Open(place, ChannelRole.Server), null);
            default:
                var source = NpgsqlDataSource.Create(Environment.GetEnvironmentVariable(PostgresVariable)!);
                return new StormStore(
                    await PostgreSqlKeyStore.CreateAsync(
                        source,
                        ChannelRole.Server,
                        new PostgreSqlKeyStoreOptions { Schema = place }
                    ),
                    source
                );
        }
    }

    /// <summary>Removes what a run has left in a database.</summary>
    internal static async Task DropAsync(string schema)
    {
        await using var source = NpgsqlDataSource.Create(Environment.GetEnvironmentVariable(PostgresVariable)!);
        await using NpgsqlCommand drop = source.CreateCommand($"DROP SCHEMA IF EXISTS {schema} CASCADE");
        await drop.ExecuteNonQueryAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (Keys is IAsyncDisposable store)
            await store.DisposeAsync();
        if (_source is not null)
            await _source.DisposeAsync();
    }
}
