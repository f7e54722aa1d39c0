using FsCheck;
using FsCheck.Xunit;
using SymRatchet.Crypto;
using SymRatchet.Protocol1;
using SymRatchet.Session;
using SymRatchet.TestKit;

namespace SymRatchet.PropertyTests.Session;

/// <summary>What holds of the records of protocol 1, for every suite, message, and change on the wire.</summary>
public sealed class RatchetProperties
{
    [Property(MaxTest = 1000)]
    public void Both_directions_in_any_interleaving_arrive_in_order_and_both_ends_hold_equal_chains(
        CipherSuiteId suite,
        (bool FromServer, NonNull<byte[]> Message)[] script,
        bool padded
    )
    {
        using RatchetPair pair = new(suite, maxRecordSize: 4096, paddingBlock: padded ? 64 : 0);
        foreach ((bool fromServer, NonNull<byte[]> message) in script)
        {
            (RatchetSession sender, RatchetSession receiver) = pair.Direction(fromServer);
            byte[] before = sender.Sending.ChainKey.ToArray();
            byte[] frame = RatchetPair.Seal(sender, message.Get);
            Assert.Equal(message.Get, RatchetPair.Open(receiver, frame).Payload);
            Assert.Equal(sender.Sending.ChainKey.ToArray(), receiver.Receiving.ChainKey.ToArray());
            Assert.NotEqual(before, sender.Sending.ChainKey.ToArray());
            if (padded)
                Assert.Equal(0, (frame.Length - 16 - RatchetPair.Suite(suite).TagSize) % 64);
        }
    }

    [Property(MaxTest = 1000)]
    [Requirement("R4-7", "R4-8", "R6.3-3")]
    public void Sizes_up_to_the_limit_pass_with_and_without_padding(
        CipherSuiteId suite,
        NonNegativeInt size,
        NonNegativeInt block
    )
    {
        using RatchetPair pair = new(suite, maxRecordSize: 1024, paddingBlock: block.Get % 1025);
        byte[] message = new byte[
            pair.Client.MaxMessageSize - (size.Get % 3 == 0 ? 0 : size.Get % pair.Client.MaxMessageSize)
        ];
        new System.Random(size.Get).NextBytes(message);
        byte[] frame = RatchetPair.Seal(pair.Client, message);
        Assert.InRange(frame.Length, 16, 16 + 1024);
        Assert.Equal(message, RatchetPair.Open(pair.Server, frame).Payload);
    }

    [Property(MaxTest = 1000)]
    [Requirement("R6.2-6", "R6.2-7")]
    public void Any_changed_bit_ends_the_direction_and_delivers_nothing(
        CipherSuiteId suite,
        NonNull<byte[]> message,
        bool fromServer,
        NonNegativeInt position
    )
    {
        using RatchetPair pair = new(suite);
        (RatchetSession sender, RatchetSession receiver) = pair.Direction(fromServer);
        byte[] frame = RatchetPair.Seal(sender, message.Get);
        byte[] next = RatchetPair.Seal(sender, message.Get);
        int bit = position.Get % (frame.Length * 8);
        frame[bit / 8] ^= (byte)(1 << (bit % 8));
        AssertEnds(receiver, frame, next);
    }

    [Property(MaxTest = 1000)]
    [Requirement("R6.2-6", "R6.2-7")]
    public void Any_cut_ends_the_direction(
        CipherSuiteId suite,
        NonNull<byte[]> message,
        bool fromServer,
        NonNegativeInt kept
    )
    {
        using RatchetPair pair = new(suite);
        (RatchetSession sender, RatchetSession receiver) = pair.Direction(fromServer);
        byte[] frame = RatchetPair.Seal(sender, message.Get);
        byte[] cut = frame[..(16 + (kept.Get % (frame.Length - 16)))];
        cut[4] = cut[5] = 0; // the attacker makes the length fit
        cut[6] = (byte)((cut.Length - 16) >> 8);
        cut[7] = (byte)(cut.Length - 16);
        AssertEnds(receiver, cut, RatchetPair.Seal(sender, message.Get));
    }

    [Property(MaxTest = 1000)]
    [Requirement("R6.2-6", "R6.2-7")]
    public void Any_frame_but_the_next_one_ends_the_direction(
        CipherSuiteId suite,
        NonEmptyArray<byte[]> messages,
        bool fromServer,
        NonNegativeInt choice,
        bool ahead
    )
    {
        // Replayed, skipped or swapped: a frame of the past, or one after the next.
        using RatchetPair pair = new(suite);
        (RatchetSession sender, RatchetSession receiver) = pair.Direction(fromServer);
        byte[][] past = [.. messages.Get.Select(message => RatchetPair.Seal(sender, message ?? []))];
        foreach (byte[] frame in past)
            Assert.Equal(OpenStatus.Message, RatchetPair.Open(receiver, frame).Result.Status);
        byte[] skipped = RatchetPair.Seal(sender, "skipped"u8);
        byte[] future = RatchetPair.Seal(sender, "future"u8);
        AssertEnds(receiver, ahead ? future : past[choice.Get % past.Length], skipped);
    }

    [Property(MaxTest = 1000)]
    public void A_frame_of_another_session_or_of_the_other_direction_ends_it(
        CipherSuiteId suite,
        NonNull<byte[]> message,
        bool fromServer,
        bool relabel
    )
    {
        using RatchetPair pair = new(suite);
        using RatchetPair other = new(suite, secret: 2);
        (RatchetSession sender, RatchetSession receiver) = pair.Direction(fromServer);
        byte[] right = RatchetPair.Seal(sender, message.Get);
        byte[] foreign = RatchetPair.Seal(relabel ? receiver : other.Direction(fromServer).Sender, message.Get);
        if (relabel)
        {
            foreign[0] = right[0];
            right.AsSpan(8, 8).CopyTo(foreign.AsSpan(8));
        }

        AssertEnds(receiver, foreign, right);
    }

    [Property(MaxTest = 1000)]
    [Requirement("R6.2-2")]
    public void A_state_stolen_after_a_message_opens_no_message_before_it(
        CipherSuiteId suite,
        NonEmptyArray<NonNull<byte[]>> messages,
        bool fromServer
    )
    {
        using RatchetPair pair = new(suite);
        (RatchetSession sender, RatchetSession receiver) = pair.Direction(fromServer);
        byte[][] frames = [.. messages.Get.Select(message => RatchetPair.Seal(sender, message.Get))];
        foreach (byte[] frame in frames)
            RatchetPair.Open(receiver, frame);

        // The thief has the chain key, and the wire, so every tag: he tries the stolen key at every place of the
        // recording.
        CipherSuite cipher = RatchetPair.Suite(suite);
        byte[] stolen = receiver.Receiving.ChainKey.ToArray();
        byte[] keys = new byte[64];
        for (int i = 0; i < frames.Length; i++)
        {
            byte[] tagBefore = i == 0 ? new byte[32] : frames[i - 1][^cipher.TagSize..];
            cipher.Step(Labels.Step, stolen, tagBefore, keys);
            byte[] opened = new byte[frames[i].Length - 16 - cipher.TagSize];
            ulong round = (ulong)i + (fromServer ? 1u : 0u);
            Assert.False(cipher.Open(keys[32..], round, frames[i][..16], frames[i][16..], opened));
            Assert.False(cipher.Open(stolen, round, frames[i][..16], frames[i][16..], opened));
        }
    }

    [Property(MaxTest = 1000)]
    [Requirement("R7-1")]
    public void The_transition_table_says_what_the_specification_says(bool isServer, ProtocolPhase phase, byte opcode)
    {
        ProtocolPhase? expected = (isServer, phase, opcode) switch
        {
            (true, ProtocolPhase.Init, 10) => ProtocolPhase.Confirming,
            (true, ProtocolPhase.Confirming, 21) => ProtocolPhase.Active,
            (true, ProtocolPhase.Active, 30) => ProtocolPhase.Active,
            (false, ProtocolPhase.Init, 20) => ProtocolPhase.Confirming,
            (false, ProtocolPhase.Confirming, 22) => ProtocolPhase.Active,
            (false, ProtocolPhase.Active, 40) => ProtocolPhase.Active,
            (_, ProtocolPhase.Active, 61 or 62) => ProtocolPhase.Active,
            (_, ProtocolPhase.Active, 60) => ProtocolPhase.Terminated,
            _ => null,
        };
        ChannelRole receiver = isServer ? ChannelRole.Server : ChannelRole.Client;
        bool allowed = V1Transitions.Table.TryMove(receiver, phase, opcode, out ProtocolPhase next);
        Assert.Equal(expected, allowed ? next : null);
    }

    private static void AssertEnds(RatchetSession receiver, byte[] frame, byte[] rightFrame)
    {
        (OpenResult result, byte[] payload, byte[] whole) = RatchetPair.Open(receiver, frame);
        Assert.Equal(OpenStatus.Failed, result.Status);
        Assert.Empty(payload);
        Assert.All(whole, b => Assert.Equal(0, b));
        Assert.True(receiver.Receiving.IsErased);

        // Nothing after it is delivered either, even if it is right.
        Assert.Equal(OpenStatus.Failed, RatchetPair.Open(receiver, rightFrame).Result.Status);

        // One word is left to say, and with it the rest is erased.
        Assert.NotEmpty(RatchetPair.Terminate(receiver, result.Error));
        Assert.True(receiver.Sending.IsErased);
        Assert.Equal(ProtocolPhase.Terminated, receiver.Phase);
    }
}
