using System.Security.Cryptography;

namespace SymRatchet.Peers.Peers;

/// <summary>A SymRatchet channel in one suite, with its keys in memory.</summary>
internal sealed class SymRatchetPeer(string name, CipherSuiteId suite) : Peer
{
    private const string Id = "benchmark";

    // Both processes make the same key from the run's own random text.
    private readonly PreSharedKey _key = PreSharedKey.Import(Id, SHA256.HashData(RunSecret.Bytes));
    private readonly SecureChannelServerOptions _server = new() { HandshakeLimiter = null };
    private readonly Lock _gate = new();

    internal override string Name => name;

    internal override async Task<PeerConnection> ConnectAsync(Stream transport, string credential) =>
        new ChannelConnection(await SecureChannel.ConnectAsync(transport, new SecureChannelClientOptions { Key = _key, Suites = [suite] }));

    internal override async Task<PeerConnection> AcceptAsync(Stream transport)
    {
        lock (_gate)
        {
            if (_server.Keys is null)
            {
                InMemoryKeyStore keys = new(ChannelRole.Server);
                keys.Add(_key);
                _server.Keys = keys;
            }
        }

        return new ChannelConnection(await SecureChannel.AcceptAsync(transport, _server));
    }
}
