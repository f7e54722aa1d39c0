using SymRatchet.Crypto;
using SymRatchet.Protocol1;
using SymRatchet.TestKit;

namespace SymRatchet.Tests.Protocol1;

/// <summary>
/// A handshake in flight makes no session with a key that was revoked meanwhile. Protocol 1, section 5.3.
/// </summary>
public sealed class RevokedHandshakeTests
{
    private static readonly ClientId Id = "device 1";

    [Theory]
    [InlineData(KeyEvolution.Forward, "nobody", true)]
    [InlineData(KeyEvolution.None, "nobody", true)]
    [InlineData(KeyEvolution.Forward, "server", false)]
    [InlineData(KeyEvolution.None, "server", false)]
    [InlineData(KeyEvolution.Forward, "client", false)]
    [InlineData(KeyEvolution.None, "client", false)]
    [Requirement("R3-16", "R5.3-1", "R5.3-4", "R5.3-6")]
    public async Task A_key_that_is_revoked_before_the_last_proof_arrives_makes_no_session(
        KeyEvolution evolution,
        string revokes,
        bool isSession
    )
    {
        using InMemoryKeyStore clientStore = Store(ChannelRole.Client, evolution);
        using InMemoryKeyStore serverStore = Store(ChannelRole.Server, evolution);
        HandshakeSettings settings = new(
            [CipherSuite.All[0]],
            MaxRecordSize: 4096,
            PaddingBlock: 0,
            Limits.EpochLimit,
            SendBeforeConfirm: false,
            RandomSource.System
        );
        using HandshakeEnd server = new(ChannelRole.Server, Id, serverStore, settings);
        using HandshakeEnd client = new(ChannelRole.Client, Id, clientStore, settings);
        server.Receive(client.Outgoing.Dequeue());
        if (revokes == "client")
            Assert.True(await clientStore.RevokeAsync(Id));
        client.Receive(server.Outgoing.Dequeue());
        Assert.Equal(revokes != "client", client.Outgoing.TryDequeue(out byte[]? confirm));
        if (revokes == "server")
            Assert.True(await serverStore.RevokeAsync(Id));
        if (confirm is not null)
            server.Receive(confirm);
        Assert.Equal(isSession, server.WasActive);
        Assert.Equal(isSession ? 1 : 0, server.Outgoing.Count);
    }

    private static InMemoryKeyStore Store(ChannelRole role, KeyEvolution evolution)
    {
        InMemoryKeyStore store = new(role);
        store.Add(PreSharedKey.Import("device 1", new byte[PreSharedKey.Size], evolution: evolution));
        return store;
    }
}
