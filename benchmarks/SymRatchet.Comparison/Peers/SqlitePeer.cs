using SymRatchet.KeyStores.Sqlite;

namespace SymRatchet.Comparison.Peers;

/// <summary>
/// A channel whose handshake waits for the disk: the server's epochs are in SQLite, or those of both ends are.
/// </summary>
internal sealed class SqlitePeer(string name, bool clientToo) : SymRatchetPeer(name, CipherSuiteId.Aegis256)
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<SqliteKeyStore> _stores = [];

    internal override bool Fits(string scenario) => scenario == "connect";

    public override async ValueTask DisposeAsync()
    {
        foreach (SqliteKeyStore store in _stores)
            await store.DisposeAsync();
        _folder.Dispose();
    }

    private protected override async Task<SecureChannelClientOptions> CreateClientAsync() =>
        clientToo
            ? new SecureChannelClientOptions
            {
                Keys = await OpenAsync(ChannelRole.Client),
                ClientId = ClientId,
                Suites = [Suite],
            }
            : await base.CreateClientAsync();

    private protected override async Task<SecureChannelServerOptions> CreateServerAsync() =>
        new() { Keys = await OpenAsync(ChannelRole.Server), HandshakeLimiter = null };

    private async Task<SqliteKeyStore> OpenAsync(ChannelRole role)
    {
        var store = SqliteKeyStore.Open(_folder.PathOf($"{role}.keys"), role);
        _stores.Add(store);
        await store.AddAsync(Key);
        return store;
    }
}
