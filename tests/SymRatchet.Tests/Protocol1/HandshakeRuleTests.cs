using SymRatchet.Channel;
using SymRatchet.Protocol1;
using SymRatchet.Session;
using SymRatchet.TestKit;

namespace SymRatchet.Tests.Protocol1;

/// <summary>What holds of whole handshakes: nonces, the last epoch, turns. Protocol 1, sections 3, 5 and 8.</summary>
public sealed class HandshakeRuleTests : HandshakeSteps
{
    [Fact]
    [Requirement("R5.1-2", "R5.2-3")]
    public void Nonces_are_made_anew_for_each_message()
    {
        HashSet<string> nonces = [];
        for (int i = 0; i < 100; i++)
        {
            using HandshakeEnd client = Client(At(ChannelRole.Client, 0)),
                server = Server(At(ChannelRole.Server, 0));
            byte[] hello = client.Outgoing.Dequeue();
            server.Receive(hello);
            Assert.True(nonces.Add(Convert.ToHexString(ClientHello.Parse(hello).Nonce)));
            Assert.True(nonces.Add(Convert.ToHexString(server.Outgoing.Dequeue().AsSpan(FrameHeader.Size + 10, 32))));
        }
    }

    [Theory]
    [InlineData(long.MaxValue - 1, long.MaxValue - 1, true)]
    [InlineData(long.MaxValue - 1, long.MaxValue, false)] // the hello's epoch may still be used
    [InlineData(long.MaxValue, long.MaxValue - 1, false)]
    [InlineData(long.MaxValue, long.MaxValue, false)]
    [Requirement("R3-22")]
    public void The_last_epoch_begins_no_session(long clientEpoch, long serverEpoch, bool isSession)
    {
        using HandshakeEnd client = Client(Late(ChannelRole.Client, clientEpoch)),
            server = Server(Late(ChannelRole.Server, serverEpoch));
        server.Receive(client.Outgoing.Dequeue());
        Assert.Equal(isSession ? 1 : 0, server.Outgoing.Count);
        if (!isSession)
            return;
        client.Receive(server.Outgoing.Dequeue());
        server.Receive(client.Outgoing.Dequeue());
        client.Receive(server.Outgoing.Dequeue());
        Assert.True(client.WasActive && server.WasActive);
    }

    [Theory]
    [InlineData(LastEpoch - 1, true)]
    [InlineData(LastEpoch, false)]
    [InlineData(LastEpoch + 1, false)]
    [Requirement("R3-22", "R5.2-7")]
    public void A_client_refuses_a_challenge_of_the_last_epoch(ulong epoch, bool isTaken)
    {
        InMemoryKeyStore store = Late(ChannelRole.Client, long.MaxValue - 1);
        using HandshakeEnd client = Client(store);
        using StoredKey key = StoreAt.Find(store, Id);
        (byte[] challenge, SessionSecrets secrets) = new Insider { Epoch = epoch }.Challenge(
            key,
            client.Outgoing.Dequeue()
        );
        secrets.Dispose();
        client.Receive(challenge);
        if (isTaken)
            Assert.Single(client.Outgoing);
        else
            AssertRefused(client, SecureChannelError.Limit, "ahead");
    }

    [Fact]
    [Requirement("R8-5")]
    public void A_copy_of_a_pending_hello_keeps_the_original_from_nothing()
    {
        InMemoryKeyStore store = At(ChannelRole.Server, 0);
        using HandshakeEnd client = Client(At(ChannelRole.Client, 0)),
            copied = Server(store),
            original = Server(store);
        byte[] hello = client.Outgoing.Dequeue();
        copied.Receive(hello);
        original.Receive(hello);
        Assert.Single(copied.Outgoing);
        client.Receive(Assert.Single(original.Outgoing));
        original.Receive(client.Outgoing.Dequeue());
        Assert.True(original.WasActive);
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, true)]
    [Requirement("R8-7")]
    public void Who_walks_more_than_one_epoch_waits_for_the_turn_of_its_identity(ulong ahead, bool waits)
    {
        using StoredKey key = Stored(ChannelRole.Server);
        var asked = (KeyNeeded)
            ((FrameExpected)ServerHandshake.Start(Settings())).Receive(
                new Insider { Epoch = ahead, HasWrongProof = true }.Hello(key)
            );
        using HandshakeState next = ((AdmissionNeeded)asked.Found(key)).Admitted();
        Assert.Equal(waits, next is LockNeeded);

        using StoredKey own = Stored(ChannelRole.Client);
        var sent = (SendNeeded)((KeyNeeded)ClientHandshake.Start(Id, Settings())).Found(own);
        (byte[] challenge, SessionSecrets secrets) = new Insider { Epoch = ahead }.Challenge(own, sent.Bytes.ToArray());
        secrets.Dispose();
        using HandshakeState client = ((FrameExpected)sent.Sent()).Receive(challenge);
        Assert.Equal(waits, client is LockNeeded);
    }

    [Fact]
    [Requirement("R8-7")]
    public async Task One_at_a_time_has_the_turn_of_an_identity()
    {
        using ManualResetEventSlim goOn = new();
        TaskCompletionSource began = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<int> first = Task.Run(() =>
            PerIdentityLock
                .RunAsync(
                    Id,
                    () =>
                    {
                        began.SetResult();
                        goOn.Wait();
                        return 1;
                    },
                    CancellationToken.None
                )
                .AsTask()
        );
        await began.Task;
        Task<int> second = PerIdentityLock.RunAsync(Id, () => 2, CancellationToken.None).AsTask();
        Assert.Equal(3, await PerIdentityLock.RunAsync("another device", () => 3, CancellationToken.None));
        Assert.False(second.IsCompleted);
        goOn.Set();
        Assert.Equal((1, 2), (await first, await second));
    }
}
