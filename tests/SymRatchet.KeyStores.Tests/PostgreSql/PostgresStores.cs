using SymRatchet.KeyStores.PostgreSql;

namespace SymRatchet.KeyStores.Tests.PostgreSql;

/// <summary>The stores of one test, each role in a schema that no other test uses.</summary>
internal sealed class PostgresStores(PostgresServer server)
{
    private readonly string _name = $"t{Guid.NewGuid():n}";

    internal string SchemaOf(ChannelRole role) => $"{_name}_{(role == ChannelRole.Server ? 's' : 'c')}";

    internal async ValueTask<PostgreSqlKeyStore> OpenAsync(ChannelRole role = ChannelRole.Server, PostgreSqlKeyStoreOptions? options = null) =>
        await PostgreSqlKeyStore.CreateAsync(server.Source, role, (options ?? new PostgreSqlKeyStoreOptions()) with { Schema = SchemaOf(role) });
}
