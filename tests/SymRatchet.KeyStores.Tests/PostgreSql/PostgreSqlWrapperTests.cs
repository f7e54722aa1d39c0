using SymRatchet.KeyStores.PostgreSql;
using SymRatchet.KeyStores.Tests.Wrapping;

namespace SymRatchet.KeyStores.Tests.PostgreSql;

[Collection(PostgresServer.CollectionName)]
public sealed class PostgreSqlWrapperTests(PostgresServer server) : WrapperContract
{
    private readonly PostgresStores _stores = new(server);

    private protected override async ValueTask<IKeyDirectory> OpenAsync(TimeSpan limit, IKeyWrapper? wrapper = null) =>
        await _stores.OpenAsync(
            options: new PostgreSqlKeyStoreOptions { Wrapper = wrapper ?? Wrapper, WrapperTimeout = limit }
        );
}
