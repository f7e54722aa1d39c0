using SymRatchet.KeyStores.Sqlite;

namespace SymRatchet.Comparison.Peers;

/// <summary>
/// A channel whose handshake waits for the disk: the server's epochs are in SQLite, and the client's in memory, in
/// SQLite, too, or in a file of its own as a device has it.
/// </summary>
internal sealed class SqlitePeer(string name, ClientStore client) : SymRatchetPeer(name, CipherSuiteId.Aegis256)
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<IAsyncDisposable> _stores = [];

    internal override bool Fits(string scenario) => scenario == "connect";

    public override async ValueTask DisposeAsync()
    {
        foreach (IAsyncDisposable store in _stores)
            await store.DisposeAsync();
        _folder.Dispose();
    }

    private protected override async Task<SecureChannelClientOptions> CreateClientAsync() =>
        client switch
        {
            ClientStore.Sqlite => new SecureChannelClientOptions
            {
                Keys = await OpenAsync(ChannelRole.Client),
                ClientId = ClientId,
                Suites = [Suite],
            },
            ClientStore.KeyFile => new SecureChannelClientOptions { Keys = await OpenFileAsync(), Suites = [Suite] },
            _ => await base.CreateClientAsync(),
        };

    private protected override async Task<SecureChannelServerOptions> CreateServerAsync() =>
        new() { Keys = await OpenAsync(ChannelRole.Server), HandshakeLimiter = null };

    private async Task<SqliteKeyStore> OpenAsync(ChannelRole role)
    {
        var store = SqliteKeyStore.Open(_folder.PathOf($"{role}.keys"), role);
        _stores.Add(store);
        await store.AddAsync(Key);
        return store;
    }

    private async Task<KeyFile> OpenFileAsync()
    {
        string path = _folder.PathOf("client.key");
        Key.WriteCredentialFile(path);
        KeyFile file = await KeyFile.OpenAsync(path);
        _stores.Add(file);
        return file;
    }
}
