using System.Buffers;
using SymRatchet.Channel;
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
    [InlineData(false)]
    [InlineData(true)]
    public void A_server_that_goes_on_keeps_one_session_and_nothing_that_it_was_derived_from(bool prepares)
    {
        using StoredKey key = StoreAt.Find(At(ChannelRole.Server, 3), Id);
        (FrameExpected expected, byte[] hello, byte[] challenge) = Challenged(key);
        if (prepares)
            expected.Prepare();
        List<SecretBytes> secrets = [.. Held.Secrets(expected)];
        using HandshakeState next = expected.Receive(Confirm(key, hello, challenge));
        Assert.IsAssignableFrom<KeyNeeded>(next);
        List<SecretBytes> kept = [.. Held.Secrets(next)];
        Assert.Equal(2, kept.Count(secret => !secret.IsErased));
        Assert.All(secrets.Except(kept), secret => Assert.True(secret.IsErased));
    }

    [Fact]
    public async Task A_state_is_prepared_once_however_many_pieces_it_waits_for()
    {
        PipePair pipes = new();
        SecureChannelServerOptions options = ChannelPair.ServerOptions(ChannelProtocol.V1);
        Counted state = new();
        HandshakeDriver driver = new(Transport.Over(pipes.Server, false), ChannelRole.Server, options.Keys!, options);
        Task running = driver.RunAsync(state, CancellationToken.None).AsTask();
        for (int pieces = 1; pieces <= 3; pieces++)
        {
            await pipes.Client.Output.WriteAsync(new byte[1]);
            await state.Parsed(1 + pieces).WaitAsync(TimeSpan.FromSeconds(30));
        }

        await Assert.ThrowsAsync<SecureChannelException>(() => running.WaitAsync(TimeSpan.FromSeconds(30)));
        Assert.Equal((4, 1), (state.Parses, state.Preparations));
    }

    [Theory]
    [InlineData("disposed")]
    [InlineData("mac of the identity key")]
    [InlineData("mac of the root key")]
    [InlineData("one ahead")]
    [InlineData("ahead")]
    public void A_prepared_client_that_does_not_go_on_erases_what_it_derived(string what)
    {
        using StoredKey key = StoreAt.Find(At(ChannelRole.Client, 3), Id);
        using StoredKey serverKey = StoreAt.Find(
            At(
                ChannelRole.Server,
                what == "ahead" ? 6
                    : what == "one ahead" ? 4
                    : 3
            ),
            Id
        );
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
        if (what is "ahead" or "one ahead")
            secrets.RemoveAll(secret => Held.Secrets(next).Contains(secret));
        else
            Assert.IsType<Refused>(next);
        Assert.NotEmpty(secrets);
        Assert.All(secrets, secret => Assert.True(secret.IsErased));
    }

    [Theory]
    [InlineData(false, "disposed")]
    [InlineData(true, "disposed")]
    [InlineData(false, "refused")]
    [InlineData(true, "refused")]
    public void A_client_that_awaits_the_confirm_erases_what_it_no_longer_needs(bool prepares, string what)
    {
        using StoredKey key = StoreAt.Find(At(ChannelRole.Client, 3), Id);
        using StoredKey serverKey = StoreAt.Find(At(ChannelRole.Server, 3), Id);
        var advance = (AdvanceNeeded)Proven(key, serverKey).Found(key);
        var expected = (FrameExpected)((SendNeeded)advance.Advanced()).Sent();
        List<SecretBytes> secrets = [.. Held.Secrets(expected)];
        Assert.Single(secrets, secret => !secret.IsErased); // the handshake's, from which the session is made
        if (prepares)
        {
            expected.Prepare();
            Assert.All(secrets, secret => Assert.True(secret.IsErased));
            secrets = [.. Held.Secrets(expected)];
            Assert.Equal(2, secrets.Count(secret => !secret.IsErased)); // the two chains
        }

        if (what == "disposed")
        {
            expected.Dispose();
        }
        else
        {
            byte[] forged = new byte[FrameHeader.Size + 32];
            new FrameHeader(Opcode.ServerConfirm, FrameFlags.None, 32, 0).Write(forged);
            Assert.Equal(SecureChannelError.Authentication, Assert.IsType<Refused>(expected.Receive(forged)).Error);
            secrets.AddRange(Held.Secrets(expected));
        }

        Assert.All(secrets, secret => Assert.True(secret.IsErased));
    }

    [Theory]
    [InlineData(KeyEvolution.None, "goes on")]
    [InlineData(KeyEvolution.Forward, "gone")]
    [InlineData(KeyEvolution.Forward, "disposed")]
    public void A_next_root_key_that_no_store_takes_is_erased(KeyEvolution evolution, string what)
    {
        byte[] psk = [.. Enumerable.Repeat((byte)0x5B, PreSharedKey.Size)];
        using var shared = PreSharedKey.Import(Id, psk, evolution: evolution);
        using StoredKey key = shared.ImportFor(ChannelRole.Client);
        using StoredKey serverKey = shared.ImportFor(ChannelRole.Server);
        KeyNeeded proven = Proven(key, serverKey);
        List<SecretBytes> secrets = [.. Held.Secrets(proven)];
        Assert.Equal(2, secrets.Count(secret => !secret.IsErased)); // the next root key, and the handshake's secrets
        using HandshakeState next =
            what == "disposed" ? new Refused(default, "") : proven.Found(what == "gone" ? null : key);
        if (what == "disposed")
            proven.Dispose();
        secrets.RemoveAll(secret => Held.Secrets(next).Contains(secret));
        Assert.Equal(what == "goes on" ? 1 : 2, secrets.Count);
        Assert.All(secrets, secret => Assert.True(secret.IsErased));
    }

    // Takes three bytes, and refuses them.
    private sealed class Counted : FrameExpected
    {
        private readonly TaskCompletionSource[] _parsed =
        [
            .. Enumerable
                .Range(0, 8)
                .Select(_ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)),
        ];

        internal int Parses { get; private set; }

        internal int Preparations { get; private set; }

        internal Task Parsed(int times) => _parsed[times - 1].Task;

        public override FrameStatus Parse(in ReadOnlySequence<byte> buffer, out int frameLength)
        {
            frameLength = 3;
            FrameStatus status = buffer.Length < 3 ? FrameStatus.Incomplete : FrameStatus.Complete;
            _parsed[Parses++].TrySetResult();
            return status;
        }

        internal override void Prepare() => Preparations++;

        internal override HandshakeState Receive(ReadOnlySpan<byte> frame) =>
            new Refused(SecureChannelError.Malformed, "it is a test");
    }

    // A client that has verified the challenge, and reads its store again.
    private static KeyNeeded Proven(StoredKey key, StoredKey serverKey)
    {
        var hello = (SendNeeded)((KeyNeeded)ClientHandshake.Start(Id, Settings())).Found(key);
        var expected = (FrameExpected)hello.Sent();
        expected.Prepare();
        var asked = (KeyNeeded)((FrameExpected)ServerHandshake.Start(Settings())).Receive(hello.Bytes.Span);
        using var challenge = (SendNeeded)((AdmissionNeeded)asked.Found(serverKey)).Admitted();
        return (KeyNeeded)expected.Receive(challenge.Bytes.Span);
    }
}
