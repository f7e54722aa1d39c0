using SymRatchet.KeyStores.Tests.Contract;

namespace SymRatchet.KeyStores.Tests.KeyFiles;

/// <summary>One object on one file, as a second opening is refused.</summary>
public sealed class KeyFileContractTests : KeyStoreContract, IAsyncLifetime
{
    private readonly KeyFileFolder _folder = new();
    private KeyFile? _opened;

    private protected override bool HoldsSeveral => false;

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _folder.DisposeAsync();

    private protected override async ValueTask<IKeyDirectory> OpenAsync(ChannelRole role = ChannelRole.Server) =>
        _opened ??= await _folder.OpenAsync("keys", role);
}

public sealed class KeyFileHandshakeTests : HandshakeContract, IAsyncLifetime
{
    private readonly KeyFileFolder _folder = new();

    private protected override int Identities => 1;

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _folder.DisposeAsync();

    private protected override async ValueTask<IKeyDirectory> OpenAsync(ChannelRole role) =>
        await _folder.OpenAsync(Guid.NewGuid().ToString(), role);
}

public sealed class KeyFileSameKeyTests : SameKeyContract, IAsyncLifetime
{
    private readonly KeyFileFolder _folder = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _folder.DisposeAsync();

    private protected override async ValueTask<IKeyDirectory> OpenAsync(ChannelRole role) =>
        await _folder.OpenAsync(Guid.NewGuid().ToString(), role);
}
