using SymRatchet.Crypto;
using SymRatchet.Protocol1;
using SymRatchet.TestKit;

namespace SymRatchet.PropertyTests.Session;

/// <summary>
/// A client and a server of one identity with their stores, for any number of handshakes between them.
/// </summary>
internal sealed class Parties : IDisposable
{
    internal static readonly byte[] ClientWord = "the client's word"u8.ToArray();
    internal static readonly byte[] ServerWord = "the server's word"u8.ToArray();

    private static readonly byte[] Secret = [.. Enumerable.Repeat((byte)0x5A, PreSharedKey.Size)];

    private readonly PreSharedKey _key = PreSharedKey.Import("device 1", Secret);
    private readonly HandshakeSettings _settings;
    private readonly InMemoryKeyStore _clientStore;
    private readonly InMemoryKeyStore _serverStore;

    internal Parties(CipherSuiteId suite, bool sendBeforeConfirm, long clientEpoch, long serverEpoch)
    {
        _settings = new HandshakeSettings(
            [CipherSuite.Get(suite)],
            MaxRecordSize: 4096,
            PaddingBlock: 0,
            Limits.EpochLimit,
            sendBeforeConfirm,
            RandomSource.System
        );
        _clientStore = StoreAt.Epoch(ChannelRole.Client, _key, clientEpoch);
        _serverStore = StoreAt.Epoch(ChannelRole.Server, _key, serverEpoch);
    }

    internal long EpochsApart => Math.Abs(StoreAt.Of(_clientStore, _key).Epoch - StoreAt.Of(_serverStore, _key).Epoch);

    internal HandshakeEnd NewClient() => new(ChannelRole.Client, _key.Id, _clientStore, _settings, ClientWord);

    internal HandshakeEnd NewServer() => new(ChannelRole.Server, _key.Id, _serverStore, _settings, ServerWord);

    /// <summary>Carries frames both ways, as the attacker lets them pass, until nobody has anything to say.</summary>
    internal static void Exchange(HandshakeEnd client, HandshakeEnd server, Func<byte[], byte[]> onWire)
    {
        while (client.Outgoing.Count + server.Outgoing.Count > 0)
        {
            while (client.Outgoing.TryDequeue(out byte[]? frame))
                server.Receive(onWire(frame));
            while (server.Outgoing.TryDequeue(out byte[]? frame))
                client.Receive(onWire(frame));
        }
    }

    /// <summary>A whole handshake and a word each way, which must succeed.</summary>
    /// <returns>Every frame of it.</returns>
    internal List<byte[]> RunUndisturbed(Action<byte[]>? onAgreed = null)
    {
        List<byte[]> frames = [];
        using HandshakeEnd client = NewClient(),
            server = NewServer();
        Exchange(
            client,
            server,
            frame =>
            {
                frames.Add(frame);
                return frame;
            }
        );
        Assert.True(client.WasActive && server.WasActive);
        Assert.Equal(client.FirstChainKey, server.FirstChainKey);
        Assert.Equal(ServerWord, Assert.Single(client.Delivered));
        Assert.Equal(ClientWord, Assert.Single(server.Delivered));
        Assert.Equal(StoreAt.Of(_clientStore, _key), StoreAt.Of(_serverStore, _key));
        onAgreed?.Invoke(client.FirstChainKey!);
        return frames;
    }

    public void Dispose()
    {
        _key.Dispose();
        _clientStore.Dispose();
        _serverStore.Dispose();
    }
}
