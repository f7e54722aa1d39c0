using SymRatchet.KeyStores.Tests.Contract;

namespace SymRatchet.KeyStores.Tests.PostgreSql;

[Collection(PostgresServer.CollectionName)]
public sealed class PostgreSqlHandshakeTests(PostgresServer server) : HandshakeContract
{
    private readonly PostgresStores _stores = new(server);

    private protected override async ValueTask<IKeyDirectory> OpenAsync(ChannelRole role) =>
        await _stores.OpenAsync(role);
}
