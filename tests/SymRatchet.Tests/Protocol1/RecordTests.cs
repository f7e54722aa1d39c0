using System.Buffers;
using SymRatchet.Crypto;
using SymRatchet.Protocol1;
using SymRatchet.Session;
using SymRatchet.TestKit;

namespace SymRatchet.Tests.Protocol1;

/// <summary>What a receiver makes of a record, and what a sender may send. Protocol 1, section 6.</summary>
public sealed class RecordTests : IDisposable
{
    private const ulong LastRound = (1UL << 48) - 1;
    private const byte Data = (byte)Opcode.ClientData;

    private readonly RatchetPair _pair = new();

    public static TheoryData<CipherSuiteId> Suites => [.. CipherSuite.All.Select(suite => suite.Id)];

    [Theory]
    [InlineData(2, 2)] // version
    [InlineData(2, 0)]
    [InlineData(3, 1)] // reserved
    [InlineData(0, 9)] // opcode
    [InlineData(0, 99)]
    [Requirement("R4-2", "R4-5")]
    public void A_first_byte_that_is_wrong_is_refused_when_it_has_come(int offset, byte value)
    {
        byte[] frame = RatchetPair.Seal(_pair.Client, [1]);
        frame[offset] = value;
        foreach (
            IFrameReader reader in new IFrameReader[] { _pair.Server, (FrameExpected)ServerHandshake.Start(null!) }
        )
        {
            for (int arrived = 0; arrived <= FrameHeader.Size; arrived++)
            {
                if (reader is FrameExpected)
                    frame[0] = offset == 0 ? value : (byte)Opcode.ClientHello;
                FrameStatus expected = arrived > offset ? FrameStatus.Malformed : FrameStatus.Incomplete;
                Assert.Equal(expected, reader.Parse(new ReadOnlySequence<byte>(frame[..arrived]), out _));
            }
        }
    }

    /// <summary>Whatever is wrong at one step, everything that a later step looks at is wrong too.</summary>
    [Theory]
    [InlineData("closed", SecureChannelError.UnexpectedMessage, "after the end")]
    [InlineData("opcode", SecureChannelError.UnexpectedMessage, "opcode 40")]
    [InlineData("flags", SecureChannelError.Malformed, "flags 02")]
    [InlineData("padded ping", SecureChannelError.Malformed, "flags 01")]
    [InlineData("shorter than a tag", SecureChannelError.Malformed, "shorter")]
    [InlineData("round", SecureChannelError.UnexpectedRound, "round 9")]
    [InlineData("tag", SecureChannelError.Authentication, "tag")]
    [Requirement("R6.2-3", "R6.2-4", "R6.2-6", "R6.4-5")]
    public void A_record_is_checked_step_by_step(string what, SecureChannelError error, string detail)
    {
        if (what == "closed")
            RatchetPair.Open(_pair.Server, RatchetPair.Terminate(_pair.Client, SecureChannelError.None));
        (byte opcode, byte flags, int body, byte round) = what switch
        {
            "closed" or "opcode" => ((byte)40, (byte)2, 3, (byte)9),
            "flags" => (Data, (byte)2, 3, (byte)9),
            "padded ping" => ((byte)Opcode.Ping, (byte)1, 3, (byte)9),
            "shorter than a tag" => (Data, (byte)0, 31, (byte)9),
            "round" => (Data, (byte)1, 40, (byte)9),
            _ => (Data, (byte)0, 40, (byte)0),
        };
        byte[] frame = new byte[FrameHeader.Size + body];
        new FrameHeader((Opcode)opcode, (FrameFlags)flags, body, round).Write(frame);
        OpenResult result = RatchetPair.Open(_pair.Server, frame).Result;
        Assert.Equal((OpenStatus.Failed, error), (result.Status, result.Error));
        Assert.Contains(detail, result.Detail, StringComparison.Ordinal);
        Assert.True(_pair.Server.Receiving.IsErased);
    }

    [Theory]
    [InlineData(SecureChannelError.None, 0)]
    [InlineData(SecureChannelError.UnexpectedMessage, 1)]
    [InlineData(SecureChannelError.UnexpectedRound, 1)]
    [InlineData(SecureChannelError.Malformed, 1)]
    [InlineData(SecureChannelError.Truncated, 1)]
    [InlineData(SecureChannelError.Authentication, 2)]
    [InlineData(SecureChannelError.Limit, 3)]
    [InlineData(SecureChannelError.Timeout, 4)]
    [InlineData(SecureChannelError.Aborted, 5)]
    [InlineData(SecureChannelError.KeyStore, 5)]
    [Requirement("R4-6", "R6.2-4", "R6.2-7", "R6.4-1", "R9-1")]
    public void Each_failure_is_told_by_its_reason_once_and_the_keys_are_erased(SecureChannelError error, byte reason)
    {
        byte[] frame = RatchetPair.Terminate(_pair.Client, error);
        Assert.Equal([reason], OpenRaw(_pair.Server, frame));
        Assert.True(_pair.Client.Sending.IsErased);
        Assert.Empty(RatchetPair.Terminate(_pair.Client, error));
    }

    [Theory]
    [MemberData(nameof(Suites))]
    [Requirement("R6.2-5", "R6.2-8")]
    public void Only_a_tag_that_verified_moves_the_chain(CipherSuiteId suite)
    {
        using RatchetPair pair = new(suite);
        byte[] frame = RatchetPair.Seal(pair.Client, []),
            forged = [.. frame];
        forged[^1] ^= 1;
        byte[] before = pair.Server.Receiving.ChainKey.ToArray();
        Assert.False(
            pair.Server.Receiving.Open(0, forged.AsSpan(0, FrameHeader.Size), forged.AsSpan(FrameHeader.Size), [])
        );
        Assert.Equal(0UL, pair.Server.Receiving.Round);
        Assert.Equal(before, pair.Server.Receiving.ChainKey.ToArray());
        (OpenResult opened, byte[] payload, _) = RatchetPair.Open(pair.Server, frame);
        Assert.Equal(OpenStatus.Message, opened.Status);
        Assert.Empty(payload);
        Assert.Equal(1UL, pair.Server.Receiving.Round);
    }

    [Theory]
    [MemberData(nameof(Suites))]
    [Requirement("R6.2-2")]
    public void The_chain_key_of_a_record_is_gone_once_it_is_sealed_or_opened(CipherSuiteId suite)
    {
        using RatchetPair pair = new(suite);
        byte[] before = pair.Client.Sending.ChainKey.ToArray(),
            keys = new byte[CipherSuite.StepSize];
        RatchetPair.Suite(suite).Step(Labels.Step, before, new byte[32], keys);
        Assert.Equal(
            OpenStatus.Message,
            RatchetPair.Open(pair.Server, RatchetPair.Seal(pair.Client, [1])).Result.Status
        );
        byte[][] gone = [before, keys[CipherSuite.KeySize..]];
        foreach (object half in new object[] { pair.Client.Sending, pair.Server.Receiving })
            Assert.DoesNotContain(
                Held.Secrets(half),
                secret =>
                    !secret.IsErased
                    && Held.Values(secret).Any(value => gone.Any(key => value.AsSpan().IndexOf(key) >= 0))
            );
    }

    [Theory]
    [InlineData(LastRound - 1, true)]
    [InlineData(LastRound, false)]
    [Requirement("R6.2-10", "R6.2-11", "R8-1")]
    public void A_sender_keeps_the_last_round_for_its_TERMINATE(ulong round, bool maySend)
    {
        MoveTo(_pair.Client.Sending, round);
        if (maySend)
            Assert.Equal(round, FrameHeader.Read(RatchetPair.Seal(_pair.Client, [1])).Round);
        else
            Assert.Throws<InvalidOperationException>(() => RatchetPair.Seal(_pair.Client, [1]));
        byte[] control = new byte[_pair.Client.MaxControlLength];
        Assert.Equal(0, _pair.Client.SealPing(1, control));
        Assert.Equal(LastRound, FrameHeader.Read(RatchetPair.Terminate(_pair.Client, SecureChannelError.None)).Round);
    }

    [Theory]
    [InlineData(LastRound - 1, true)]
    [InlineData(LastRound, false)]
    [InlineData(LastRound + 1, false)]
    [Requirement("R6.2-10")]
    public void A_receiver_refuses_data_of_the_last_round_even_in_its_turn(ulong round, bool isTaken)
    {
        MoveTo(_pair.Server.Receiving, round);
        Assert.Equal(
            isTaken ? OpenStatus.Message : OpenStatus.Failed,
            RatchetPair.Open(_pair.Server, SealAt(Opcode.ClientData, round, [1])).Result.Status
        );
    }

    [Theory]
    [InlineData(0UL)]
    [InlineData(7UL)]
    [InlineData(LastRound)]
    [InlineData(LastRound + 1)]
    [InlineData(ulong.MaxValue)]
    [Requirement("R6.2-12", "R6.2-3")]
    public void A_TERMINATE_may_say_any_round_that_its_tag_proves(ulong round)
    {
        byte[] frame = SealAt(Opcode.Terminate, round, [0]);
        Assert.Equal(OpenStatus.Closed, RatchetPair.Open(_pair.Server, frame).Result.Status);

        using RatchetPair other = new();
        frame[15] ^= 1; // authenticated all the same
        Assert.Equal(SecureChannelError.Authentication, RatchetPair.Open(other.Server, frame).Result.Error);
    }

    [Theory]
    [InlineData(new byte[] { 7, 1 }, new byte[] { 7 })]
    [InlineData(new byte[] { 7, 1, 0, 0, 0 }, new byte[] { 7 })]
    [InlineData(new byte[] { 1, 1, 0 }, new byte[] { 1 })]
    [InlineData(new byte[] { 0, 1 }, new byte[] { 0 })]
    [InlineData(new byte[] { 1 }, new byte[0])]
    [InlineData(new byte[] { 7, 2, 0 }, null)]
    [InlineData(new byte[] { 0, 0 }, null)]
    [InlineData(new byte[0], null)]
    [Requirement("R6.3-1", "R6.3-2")]
    public void Padding_is_zeros_behind_exactly_one_mark(byte[] plaintext, byte[]? message)
    {
        (OpenResult result, byte[] payload, _) = RatchetPair.Open(
            _pair.Server,
            SealAt(Opcode.ClientData, 0, plaintext, FrameFlags.Padded)
        );
        Assert.Equal(message is null ? SecureChannelError.Malformed : SecureChannelError.None, result.Error);
        Assert.Equal(message ?? [], payload);
    }

    [Theory]
    [InlineData(0, 8)] // an empty message is padded too
    [InlineData(7, 8)]
    [InlineData(8, 16)]
    [InlineData(99, 99 + 1)] // as far as the limit leaves room
    [Requirement("R6.3-3", "R4-7")]
    public void A_sender_pads_to_its_block(int message, int plaintext)
    {
        using RatchetPair pair = new(maxRecordSize: 100 + 32, paddingBlock: 8);
        Assert.Equal(99, pair.Client.MaxMessageSize);
        byte[] frame = RatchetPair.Seal(pair.Client, new byte[message]);
        Assert.Equal(
            (FrameFlags.Padded, plaintext + 32),
            (FrameHeader.Read(frame).Flags, FrameHeader.Read(frame).BodyLength)
        );
        Assert.Equal(message, RatchetPair.Open(pair.Server, frame).Payload.Length);
    }

    [Theory]
    [InlineData(Opcode.Terminate, 0)]
    [InlineData(Opcode.Terminate, 2)]
    [InlineData(Opcode.Ping, 7)]
    [InlineData(Opcode.Ping, 9)]
    [InlineData(Opcode.Pong, 0)]
    [Requirement("R6.2-3", "R6.2-4", "R6.4-1", "R6.4-7")]
    public void A_payload_of_another_size_is_malformed_and_its_sender_is_told(object opcode, int size)
    {
        OpenResult result = RatchetPair.Open(_pair.Server, SealAt((Opcode)opcode, 0, new byte[size])).Result;
        Assert.Equal((OpenStatus.Failed, SecureChannelError.Malformed), (result.Status, result.Error));
        Assert.Equal([1], OpenRaw(_pair.Client, RatchetPair.Terminate(_pair.Server, result.Error)));
    }

    [Theory]
    [InlineData(1, "Protocol")]
    [InlineData(4, "Timeout")]
    [InlineData(5, "Internal")]
    [InlineData(6, "Internal")]
    [InlineData(255, "Internal")]
    [Requirement("R6.4-1", "R6.4-6")]
    public void A_reason_ends_the_session_and_one_that_is_not_known_is_an_internal_error(byte reason, string read)
    {
        OpenResult result = RatchetPair.Open(_pair.Server, SealAt(Opcode.Terminate, 0, [reason])).Result;
        Assert.Equal((OpenStatus.Failed, SecureChannelError.TerminatedByPeer), (result.Status, result.Error));
        Assert.EndsWith(read, result.Detail, StringComparison.Ordinal);
    }

    [Fact]
    [Requirement("R6.4-2", "R6.4-3", "R6.4-4", "R7-2")]
    public void Who_has_closed_its_direction_says_nothing_more_and_still_receives()
    {
        Assert.Equal(
            OpenStatus.Closed,
            RatchetPair.Open(_pair.Server, RatchetPair.Terminate(_pair.Client, SecureChannelError.None)).Result.Status
        );
        Assert.Throws<InvalidOperationException>(() => RatchetPair.Seal(_pair.Client, [1]));
        byte[] control = new byte[_pair.Client.MaxControlLength];
        RatchetPair.Open(_pair.Client, control[.._pair.Server.SealPing(1, control)]);
        Assert.False(_pair.Client.HasReply);
        Assert.Equal((0, 0), (_pair.Client.SealReply(control), _pair.Client.SealPing(2, control)));
        Assert.Equal([3], RatchetPair.Open(_pair.Client, RatchetPair.Seal(_pair.Server, [3])).Payload);
        Assert.Equal((ProtocolPhase.Active, ProtocolPhase.Active), (_pair.Client.Phase, _pair.Server.Phase));
        RatchetPair.Open(_pair.Client, RatchetPair.Terminate(_pair.Server, SecureChannelError.None));
        Assert.Equal((ProtocolPhase.Terminated, ProtocolPhase.Terminated), (_pair.Client.Phase, _pair.Server.Phase));
    }

    [Fact]
    [Requirement("R6.5-1", "R6.5-2", "R6.5-3")]
    public void The_last_of_two_pings_is_answered_and_a_pong_that_nobody_asked_for_is_passed_over()
    {
        byte[] control = new byte[_pair.Client.MaxControlLength];
        foreach (ulong token in new ulong[] { 7, 0x0102030405060708 })
            Assert.Equal(
                OpenStatus.Control,
                RatchetPair.Open(_pair.Server, control[.._pair.Client.SealPing(token, control)]).Result.Status
            );
        OpenResult pong = RatchetPair.Open(_pair.Client, control[.._pair.Server.SealReply(control)]).Result;
        Assert.Equal((OpenStatus.Pong, 0x0102030405060708UL), (pong.Status, pong.Token));
        Assert.Equal(0, _pair.Server.SealReply(control));

        Assert.Equal(
            OpenStatus.Pong,
            RatchetPair.Open(_pair.Server, SealAt(Opcode.Pong, 2, new byte[8])).Result.Status
        );
        Assert.Equal([1], RatchetPair.Open(_pair.Client, RatchetPair.Seal(_pair.Server, [1])).Payload);
    }

    [Fact]
    [Requirement("R8-1")]
    public void The_limits_that_are_fixed_are_these() =>
        Assert.Equal((4096, (1UL << 48) - 1), (Limits.MaxHandshakeBody, Limits.LastRound));

    public void Dispose() => _pair.Dispose();

    // A client's record with any header, sealed with the keys of its turn.
    private byte[] SealAt(Opcode opcode, ulong round, byte[] plaintext, FrameFlags flags = FrameFlags.None)
    {
        byte[] frame = new byte[FrameHeader.Size + plaintext.Length + 32];
        new FrameHeader(opcode, flags, plaintext.Length + 32, round).Write(frame);
        _pair.Client.Sending.Seal(round, frame.AsSpan(0, FrameHeader.Size), plaintext, frame.AsSpan(FrameHeader.Size));
        return frame;
    }

    // The plaintext of a record in its turn, whatever it means.
    private static byte[] OpenRaw(RatchetSession session, byte[] frame)
    {
        byte[] plaintext = new byte[frame.Length - FrameHeader.Size - 32];
        Assert.True(
            session.Receiving.Open(
                FrameHeader.Read(frame).Round,
                frame.AsSpan(0, FrameHeader.Size),
                frame.AsSpan(FrameHeader.Size),
                plaintext
            )
        );
        return plaintext;
    }

    // Nobody sends so many records: the number is set, and the chain key stays.
    private static void MoveTo(object half, ulong round)
    {
        ChainState chain = Held.Of<ChainState>(half).Single();
        typeof(ChainState)
            .GetProperty(
                nameof(ChainState.Round),
                System.Reflection.BindingFlags.Instance | System.Reflection.BindingFlags.NonPublic
            )!
            .SetValue(chain, round);
    }
}
