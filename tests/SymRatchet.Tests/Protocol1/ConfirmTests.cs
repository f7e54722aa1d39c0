using Microsoft.Extensions.Time.Testing;
using SymRatchet.Crypto;
using SymRatchet.Protocol1;
using SymRatchet.Session;
using SymRatchet.TestKit;

namespace SymRatchet.Tests.Protocol1;

/// <summary>
/// What is left of a handshake when its challenge is sent, what a server makes of a confirm, and when it looks at its
/// store. Protocol 1, sections 5.2 to 5.9.
/// </summary>
public sealed class ConfirmTests : HandshakeSteps
{
    [Theory]
    [InlineData(20, 1000, false)]
    [InlineData(21, 0, true)]
    [Requirement("R5.9-2", "R5.9-4")]
    public void Whether_a_client_is_behind_is_asked_when_the_challenge_is_made(
        int secondsBefore,
        int secondsAfter,
        bool isAlarm
    )
    {
        FakeTimeProvider time = new(DateTimeOffset.UnixEpoch.AddYears(60));
        using StoredKey old = Stored(ChannelRole.Server),
            stored = StoreAt.Find(At(ChannelRole.Server, 2), Id);
        using StoredKey key = WithSerial(stored, stored.Serial, time.GetUtcNow());
        time.Advance(TimeSpan.FromSeconds(secondsBefore));
        HandshakeSettings settings = Settings() with { Time = time, ParallelWindow = TimeSpan.FromSeconds(20) };
        (FrameExpected expected, byte[] hello, byte[] challenge) = Challenged(key, settings, helloKey: old);
        time.Advance(TimeSpan.FromSeconds(secondsAfter));
        Assert.Equal(HandshakeAlarm.None, expected.Alarm);
        using HandshakeState proven = expected.Receive(Confirm(key, hello, challenge));
        Assert.Equal(isAlarm ? HandshakeAlarm.ClientBehind : HandshakeAlarm.None, proven.Alarm);
        Assert.True(proven.IsClientProven);
    }

    [Fact]
    [Requirement("R5.3-5", "R5.7-1")]
    public void A_store_that_a_parallel_handshake_has_moved_is_not_moved_again()
    {
        using StoredKey key = Stored(ChannelRole.Server);
        (FrameExpected expected, byte[] hello, byte[] challenge) = Challenged(key);
        var again = (KeyNeeded)expected.Receive(Confirm(key, hello, challenge));
        using StoredKey moved = WithSerial(StoreAt.Find(At(ChannelRole.Server, 3), Id), key.Serial);
        using HandshakeState next = again.Found(moved);
        Assert.Equal((byte)Opcode.ServerConfirm, Assert.IsType<SendNeeded>(next).Bytes.Span[0]);
    }

    [Fact]
    [Requirement("R5.2-4", "R5.6-2")]
    public void After_its_challenge_a_server_holds_no_root_key_and_after_the_confirm_no_secret_of_the_handshake()
    {
        InMemoryKeyStore store = At(ChannelRole.Server, 3);
        using StoredKey key = StoreAt.Find(store, Id);
        byte[] root = key.EpochKey.ToArray();
        (FrameExpected expected, byte[] hello, byte[] challenge) = Challenged(key);
        Assert.DoesNotContain(
            Held.Secrets(expected),
            secret => !secret.IsErased && Held.Values(secret).Any(value => value.AsSpan().IndexOf(root) >= 0)
        );

        SecretBytes ofHandshake = Held.Secrets(expected).Single(secret => !secret.IsErased && secret.Count == 4);
        using HandshakeState proven = expected.Receive(Confirm(key, hello, challenge));
        Assert.True(Assert.IsAssignableFrom<KeyNeeded>(proven).IsClientProven);
        Assert.True(ofHandshake.IsErased);
    }

    [Theory]
    [InlineData("flags")]
    [InlineData("round")]
    [InlineData("short")]
    [InlineData("mac_c")]
    [Requirement("R5.3-3", "R5.3-4", "R4-10")]
    public void A_server_refuses_a_confirm_that_is_not_the_right_one(string what)
    {
        InMemoryKeyStore clientStore = At(ChannelRole.Client, 0),
            serverStore = At(ChannelRole.Server, 0);
        using HandshakeEnd client = Client(clientStore),
            server = Server(serverStore);
        server.Receive(client.Outgoing.Dequeue());
        client.Receive(server.Outgoing.Dequeue());
        byte[] confirm = client.Outgoing.Dequeue();
        switch (what)
        {
            case "flags":
                confirm[1] = 1;
                break;
            case "round":
                confirm[15] = 1;
                break;
            case "short":
                confirm = confirm[..^1];
                confirm[7] = 31;
                break;
            default:
                confirm[^1] ^= 1;
                break;
        }

        server.Receive(confirm);
        AssertRefused(server, what == "mac_c" ? SecureChannelError.Authentication : SecureChannelError.Malformed, "");
        Assert.Equal(0, StoreAt.Of(serverStore, Key).Epoch);
    }

    [Theory]
    [InlineData(4, true)]
    [InlineData(5, false)]
    [Requirement("R5.3-4", "R5.3-5")]
    public void A_store_that_is_far_behind_when_the_confirm_comes_makes_no_session(long epochLimit, bool isRefused)
    {
        using StoredKey key = StoreAt.Find(At(ChannelRole.Server, 4), Id);
        (FrameExpected expected, byte[] hello, byte[] challenge) = Challenged(
            key,
            Settings() with
            {
                EpochLimit = epochLimit,
            }
        );
        var again = (KeyNeeded)expected.Receive(Confirm(key, hello, challenge));

        // Restored from a backup meanwhile.
        using StoredKey first = Stored(ChannelRole.Server);
        using StoredKey old = WithSerial(first, key.Serial);
        using HandshakeState next = again.Found(old);
        if (isRefused)
            Assert.Equal(SecureChannelError.KeyStore, Assert.IsType<Refused>(next).Error);
        else
            Assert.Equal(5, Assert.IsType<AdvanceNeeded>(next).Epoch);
    }

    [Fact]
    [Requirement("R5.5-2")]
    public void Nothing_is_sent_before_the_confirm_unless_a_client_is_told_to() =>
        Assert.False(new SecureChannelClientOptions().SendBeforeConfirm);

    [Fact]
    [Requirement("R5.5-3", "R5.5-4", "R5.8-2")]
    public void Before_it_is_ACTIVE_a_client_closes_but_tells_no_failure()
    {
        byte[] root = new byte[32];
        foreach (SecureChannelError reason in Enum.GetValues<SecureChannelError>())
        {
            using SessionSecrets secrets = new(root, root);
            using RatchetSession early = new(ChannelRole.Client, Id, epoch: 0, CipherSuite.All[0], secrets, Settings());
            Assert.Equal(reason == SecureChannelError.None, RatchetPair.Terminate(early, reason).Length > 0);
            Assert.True(early.Sending.IsErased);
        }
    }
}
