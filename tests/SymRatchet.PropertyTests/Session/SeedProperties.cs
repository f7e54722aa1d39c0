using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using SymRatchet.Seed;
using SymRatchet.Session;
using SymRatchet.TestKit;

namespace SymRatchet.PropertyTests.Session;

/// <summary>What holds of the seed session for every message, round and change on the wire.</summary>
public sealed class SeedProperties
{
    [Property(MaxTest = 1000)]
    public void Sealing_then_opening_gives_the_message_and_both_sides_hold_equal_keys(
        NonNull<byte[]>[] requests,
        NonNull<byte[]>[] responses
    )
    {
        SeedPair pair = SeedPair.Active();
        byte[][] previous = SeedPair.Keys(pair.Client);
        foreach ((NonNull<byte[]> request, NonNull<byte[]> response) in requests.Zip(responses))
        {
            Assert.Equal(request.Get, SeedPair.Open(pair.Server, SeedPair.Seal(pair.Client, request.Get)).Payload);
            Assert.Equal(SeedPair.Keys(pair.Client), SeedPair.Keys(pair.Server));
            Assert.Equal(response.Get, SeedPair.Open(pair.Client, SeedPair.Seal(pair.Server, response.Get)).Payload);
            byte[][] now = SeedPair.Keys(pair.Client);
            Assert.Equal(now, SeedPair.Keys(pair.Server));
            Assert.All(now.Zip(previous), keys => Assert.NotEqual(keys.First, keys.Second));
            previous = now;
        }

        Assert.Equal(1u + (uint)Math.Min(requests.Length, responses.Length), pair.Server.Round);
    }

    [Property(MaxTest = 1000)]
    public void Any_changed_bit_ends_the_session_delivers_nothing_and_moves_no_key(
        NonNull<byte[]> message,
        bool fromServer,
        NonNegativeInt position
    )
    {
        (SeedSession sender, SeedSession receiver) = ReadyToSend(fromServer);
        byte[] frame = SeedPair.Seal(sender, message.Get);
        int bit = (SeedFrame.PrefixSize * 8) + (position.Get % ((frame.Length - SeedFrame.PrefixSize) * 8));
        frame[bit / 8] ^= (byte)(1 << (bit % 8));
        AssertEnds(receiver, frame);
    }

    [Property(MaxTest = 1000)]
    public void Any_cut_ends_the_session(NonNull<byte[]> message, bool fromServer, NonNegativeInt kept)
    {
        (SeedSession sender, SeedSession receiver) = ReadyToSend(fromServer);
        byte[] frame = SeedPair.Seal(sender, message.Get);
        int length = SeedFrame.PrefixSize + 1 + (kept.Get % (frame.Length - SeedFrame.PrefixSize - 1));
        AssertEnds(receiver, frame[..length]);
    }

    [Property(MaxTest = 1000)]
    public void Any_frame_of_the_session_but_the_next_one_ends_it(
        NonNull<byte[]>[] messages,
        bool fromServer,
        NonNegativeInt choice
    )
    {
        SeedPair pair = new();
        List<byte[]> wire = [];
        Exchange(pair, "hello"u8.ToArray(), "challenge"u8.ToArray(), wire);
        foreach (NonNull<byte[]> message in messages)
            Exchange(pair, message.Get, message.Get, wire);
        SeedSession receiver = fromServer ? pair.Client : pair.Server;
        if (fromServer)
            SeedPair.Seal(pair.Client, "now waiting for an answer"u8);
        AssertEnds(receiver, wire[choice.Get % wire.Count]);
    }

    [Property(MaxTest = 1000)]
    public void A_frame_of_another_session_of_the_same_key_is_refused_once_a_message_went_by(
        NonEmptyArray<byte> here,
        NonEmptyArray<byte> there
    )
    {
        SeedPair one = new();
        SeedPair other = new();
        one.Round(here.Get, here.Get);
        other.Round(there.Get, there.Get);
        AssertEnds(one.Server, SeedPair.Seal(other.Client, "spliced"u8));
    }

    [Property(MaxTest = 1000)]
    public void The_transition_table_says_what_the_note_says(bool isServer, ProtocolPhase phase, byte opcode)
    {
        ChannelRole receiver = isServer ? ChannelRole.Server : ChannelRole.Client;
        ProtocolPhase? expected = (opcode, phase, isServer) switch
        {
            (>= 50 and <= 60, _, _) => ProtocolPhase.Terminated,
            (10, ProtocolPhase.Init, true) => ProtocolPhase.Active,
            (20, ProtocolPhase.Init, false) => ProtocolPhase.Active,
            (30, ProtocolPhase.Active, true) => ProtocolPhase.Active,
            (40, ProtocolPhase.Active, false) => ProtocolPhase.Active,
            _ => null,
        };
        bool allowed = SeedTransitions.Table.TryMove(receiver, phase, opcode, out ProtocolPhase next);
        Assert.Equal(expected, allowed ? next : null);
    }

    private static (SeedSession Sender, SeedSession Receiver) ReadyToSend(bool fromServer)
    {
        SeedPair pair = SeedPair.Active();
        if (fromServer)
            SeedPair.Open(pair.Server, SeedPair.Seal(pair.Client, "request"u8));
        return fromServer ? (pair.Server, pair.Client) : (pair.Client, pair.Server);
    }

    private static void Exchange(SeedPair pair, byte[] request, byte[] response, List<byte[]> wire)
    {
        wire.Add(SeedPair.Seal(pair.Client, request));
        SeedPair.Open(pair.Server, wire[^1]);
        wire.Add(SeedPair.Seal(pair.Server, response));
        SeedPair.Open(pair.Client, wire[^1]);
    }

    private static void AssertEnds(SeedSession receiver, byte[] frame)
    {
        bool isServer = receiver.Peer.Role == ChannelRole.Client;
        byte[][] before = SeedPair.Keys(receiver);
        (OpenResult result, byte[] payload, byte[] whole) = SeedPair.Open(receiver, frame);
        Assert.Equal(OpenStatus.Failed, result.Status);
        Assert.Empty(payload);
        Assert.All(whole, b => Assert.Equal(0, b));
        Assert.Equal(ProtocolPhase.Terminated, receiver.Phase);
        Assert.True((isServer ? receiver.ClientToServerKeys : receiver.ServerToClientKeys).IsErased);
        SeedKeys sending = isServer ? receiver.ServerToClientKeys : receiver.ClientToServerKeys;
        Assert.Equal(before[isServer ? 2 : 0], sending.EncryptionKey.ToArray());
    }
}
