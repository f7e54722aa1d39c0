using SymRatchet.Crypto;
using SymRatchet.Protocol1;
using SymRatchet.Session;
using SymRatchet.TestKit;

namespace SymRatchet.Tests.Protocol1;

/// <summary>What a handshake derives ahead, while it waits for the other side.</summary>
public sealed class PreparationTests : HandshakeSteps
{
    private static readonly bool[] Either = [false, true];

    public static IEnumerable<object[]> Cases =>
        from client in Either
        from server in Either
        from epochs in new (long Client, long Server)[] { (0, 0), (4, 4), (3, 4), (4, 3), (2, 5), (5, 2) }
        select new object[] { client, server, epochs.Client, epochs.Server };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Preparing_changes_nothing(bool clientPrepares, bool serverPrepares, long clientEpoch, long serverEpoch)
    {
        InMemoryKeyStore clientStore = At(ChannelRole.Client, clientEpoch);
        InMemoryKeyStore serverStore = At(ChannelRole.Server, serverEpoch);
        using HandshakeEnd client = new(ChannelRole.Client, Id, clientStore, Settings(), prepares: clientPrepares);
        using HandshakeEnd server = new(ChannelRole.Server, Id, serverStore, Settings(), prepares: serverPrepares);
        server.Receive(client.Outgoing.Dequeue());
        client.Receive(server.Outgoing.Dequeue());
        server.Receive(client.Outgoing.Dequeue());
        client.Receive(server.Outgoing.Dequeue());

        Assert.True(client.WasActive && server.WasActive);
        Assert.Equal(client.FirstChainKey, server.FirstChainKey);
        long epoch = Math.Max(clientEpoch, serverEpoch);
        using StoredKey expected = StoreAt.Find(At(ChannelRole.Client, epoch + 1), Id);
        foreach (InMemoryKeyStore store in new[] { clientStore, serverStore })
        {
            using StoredKey kept = StoreAt.Find(store, Id);
            Assert.Equal(epoch + 1, kept.Epoch);
            Assert.Equal(expected.EpochKey, kept.EpochKey);
        }

        byte[] message = [1, 2, 3];
        server.Receive(RatchetPair.Seal(client.Session!, message));
        Assert.Equal(message, Assert.Single(server.Delivered));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_prepared_server_that_does_not_go_on_erases_what_it_derived(bool isRefused)
    {
        using StoredKey key = StoreAt.Find(At(ChannelRole.Server, 3), Id);
        (FrameExpected expected, byte[] hello, byte[] challenge) = Challenged(key);
        expected.Prepare();
        List<SecretBytes> secrets = [.. Held.Secrets(expected)];
        Assert.Equal(3, secrets.Count(secret => !secret.IsErased)); // the handshake's, and the two chains
        if (isRefused)
        {
            byte[] confirm = Confirm(key, hello, challenge);
            confirm[^1] ^= 1;
            Assert.IsType<Refused>(expected.Receive(confirm));
        }
        else
        {
            expected.Dispose();
        }

        Assert.All(secrets, secret => Assert.True(secret.IsErased));
    }

    [Theory]
    [InlineData("disposed")]
    [InlineData("mac of the identity key")]
    [InlineData("mac of the root key")]
    [InlineData("ahead")]
    public void A_prepared_client_that_does_not_go_on_erases_what_it_derived(string what)
    {
        using StoredKey key = StoreAt.Find(At(ChannelRole.Client, 3), Id);
        using StoredKey serverKey = StoreAt.Find(At(ChannelRole.Server, what == "ahead" ? 6 : 3), Id);
        var hello = (SendNeeded)((KeyNeeded)ClientHandshake.Start(Id, Settings())).Found(key);
        var expected = (FrameExpected)hello.Sent();
        expected.Prepare();
        List<SecretBytes> secrets = [.. Held.Secrets(expected)];
        Assert.Equal(2, secrets.Count(secret => !secret.IsErased)); // the hello's keys, and the next root key

        var asked = (KeyNeeded)((FrameExpected)ServerHandshake.Start(Settings())).Receive(hello.Bytes.Span);
        using var challenge = (SendNeeded)((AdmissionNeeded)asked.Found(serverKey)).Admitted();
        byte[] frame = challenge.Bytes.ToArray();
        frame[^1] ^= (byte)(what == "mac of the root key" ? 1 : 0);
        frame[^33] ^= (byte)(what == "mac of the identity key" ? 1 : 0);
        using HandshakeState next = what == "disposed" ? new Refused(default, "") : expected.Receive(frame);
        if (what == "disposed")
            expected.Dispose();

        // The keys of the hello are needed to catch up; the next root key is not.
        if (what == "ahead")
            secrets.RemoveAll(secret => Held.Secrets(next).Contains(secret));
        else
            Assert.IsType<Refused>(next);
        Assert.NotEmpty(secrets);
        Assert.All(secrets, secret => Assert.True(secret.IsErased));
    }
}
