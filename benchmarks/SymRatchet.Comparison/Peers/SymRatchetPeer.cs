using System.Security.Cryptography;

namespace SymRatchet.Comparison.Peers;

/// <summary>A SymRatchet channel of protocol 1 in one suite, with the keys of both ends in memory.</summary>
internal class SymRatchetPeer : SocketPeer
{
    private protected const string ClientId = "benchmark";

    private readonly Lazy<Task<SecureChannelClientOptions>> _client;
    private readonly Lazy<Task<SecureChannelServerOptions>> _server;

    internal SymRatchetPeer(string name, CipherSuiteId suite)
    {
        Name = name;
        Suite = suite;
        _client = new(CreateClientAsync);
        _server = new(CreateServerAsync);
    }

    internal sealed override string Name { get; }

    private protected CipherSuiteId Suite { get; }

    /// <summary>A key that both processes make from the run's own random text.</summary>
    private protected static PreSharedKey Key { get; } =
        PreSharedKey.Import(ClientId, SHA256.HashData(RunSecret.Bytes));

    private protected virtual Task<SecureChannelClientOptions> CreateClientAsync() =>
        Task.FromResult(new SecureChannelClientOptions { Key = Key, Suites = [Suite] });

    private protected virtual Task<SecureChannelServerOptions> CreateServerAsync() => Task.FromResult(Serve(Key));

    private protected sealed override async Task<PeerConnection> ConnectAsync(Stream transport, string credential) =>
        new ChannelConnection(await SecureChannel.ConnectAsync(transport, await _client.Value));

    private protected sealed override async Task<PeerConnection> AcceptAsync(Stream transport) =>
        new ChannelConnection(await SecureChannel.AcceptAsync(transport, await _server.Value));

    /// <summary>
    /// A server with one client's key in memory. All clients have one address and one identity here, so no limit is set
    /// by either.
    /// </summary>
    private protected static SecureChannelServerOptions Serve(PreSharedKey key)
    {
        InMemoryKeyStore keys = new(ChannelRole.Server);
        keys.Add(key);
        return new SecureChannelServerOptions
        {
            Keys = keys,
            HandshakeLimiter = null,
            Protocol = key.Protocol,
        };
    }
}
