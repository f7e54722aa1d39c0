using SymRatchet.KeyStores.Sqlite;
using SymRatchet.KeyStores.Tests.Contract;
using SymRatchet.KeyStores.Tests.Sqlite;

namespace SymRatchet.KeyStores.Tests.Wrapping;

public sealed class WrappedKeyStoreContractTests : KeyStoreContract, IAsyncLifetime
{
    private readonly StoreFolder _folder = new();
    private readonly KeyRing _ring = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await _folder.DisposeAsync();
        _ring.Dispose();
    }

    private protected override ValueTask<IKeyDirectory> OpenAsync(ChannelRole role = ChannelRole.Server) =>
        new(_folder.Open(role, new SqliteKeyStoreOptions { Wrapper = _ring.Open() }));
}
