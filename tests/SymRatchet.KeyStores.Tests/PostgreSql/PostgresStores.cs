using Npgsql;
using SymRatchet.KeyStores.PostgreSql;

namespace SymRatchet.KeyStores.Tests.PostgreSql;

/// <summary>The stores of one test, each role in a schema that no other test uses.</summary>
internal sealed class PostgresStores(PostgresServer server)
{
    private readonly string _name = $"t{Guid.NewGuid():n}";

    internal string SchemaOf(ChannelRole role) => $"{_name}_{(role == ChannelRole.Server ? 's' : 'c')}";

    internal async ValueTask<PostgreSqlKeyStore> OpenAsync(
        ChannelRole role = ChannelRole.Server,
        PostgreSqlKeyStoreOptions? options = null,
        NpgsqlDataSource? source = null
    )
    {
        // Tables are made without the short limit that a test may set.
        PostgreSqlKeyStoreOptions ordinary = new() { Schema = SchemaOf(role) };
        PostgreSqlKeyStore made = await PostgreSqlKeyStore.CreateAsync(source ?? server.Source, role, ordinary);
        return options is null
            ? made
            : await PostgreSqlKeyStore.OpenAsync(
                source ?? server.Source,
                role,
                new PostgreSqlKeyStoreOptions(options) { Schema = SchemaOf(role) }
            );
    }
}
