using SymRatchet.KeyStores.Sqlite;
using SymRatchet.KeyStores.Tests.Wrapping;

namespace SymRatchet.KeyStores.Tests.Sqlite;

public sealed class SqliteWrapperTests : WrapperContract, IAsyncLifetime
{
    private readonly StoreFolder _folder = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _folder.DisposeAsync();

    private protected override ValueTask<IKeyDirectory> OpenAsync(TimeSpan limit, IKeyWrapper? wrapper = null) =>
        new(_folder.Open(options: new SqliteKeyStoreOptions { Wrapper = wrapper ?? Wrapper, WrapperTimeout = limit }));
}
