using SymRatchet.KeyStores.Tests.Contract;

namespace SymRatchet.KeyStores.Tests.PostgreSql;

[Collection(PostgresServer.CollectionName)]
public sealed class PostgreSqlKeyStoreContractTests(PostgresServer server) : KeyStoreContract
{
    private readonly PostgresStores _stores = new(server);

    private protected override async ValueTask<IKeyDirectory> OpenAsync(ChannelRole role = ChannelRole.Server) =>
        await _stores.OpenAsync(role);
}
