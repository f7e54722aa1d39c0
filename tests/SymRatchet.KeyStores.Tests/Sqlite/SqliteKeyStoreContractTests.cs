using SymRatchet.KeyStores.Tests.Contract;

namespace SymRatchet.KeyStores.Tests.Sqlite;

public sealed class SqliteKeyStoreContractTests : KeyStoreContract, IAsyncLifetime
{
    private readonly StoreFolder _folder = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _folder.DisposeAsync();

    private protected override ValueTask<IKeyDirectory> OpenAsync(ChannelRole role = ChannelRole.Server) =>
        new(_folder.Open(role));
}
