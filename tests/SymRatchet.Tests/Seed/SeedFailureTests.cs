using System.Security.Cryptography;
using SymRatchet.Seed;
using SymRatchet.Session;
using SymRatchet.TestKit;

namespace SymRatchet.Tests.Seed;

/// <summary>
/// Every way in which a message is refused: with its reason, for good, with nothing delivered and no key moved.
/// </summary>
public sealed class SeedFailureTests
{
    private const int MessageStart = SeedFrame.PrefixSize;

    [Theory]
    [InlineData(SeedFrame.RoundOffset + 3, SecureChannelError.UnexpectedRound)]
    [InlineData(SeedFrame.DirectionOffset, SecureChannelError.UnexpectedMessage)]
    [InlineData(SeedFrame.IdOffset, SecureChannelError.UnexpectedMessage)]
    [InlineData(SeedFrame.OpcodeOffset, SecureChannelError.UnexpectedMessage)]
    [InlineData(SeedFrame.IvOffset, SecureChannelError.Authentication)]
    [InlineData(SeedFrame.CiphertextOffset, SecureChannelError.Authentication)]
    public void A_changed_field_ends_the_session(int offset, SecureChannelError expected)
    {
        SeedPair pair = SeedPair.Active();
        byte[] frame = SeedPair.Seal(pair.Client, "1.5, 2.5"u8);
        frame[MessageStart + offset] ^= 1;
        AssertRefused(pair.Server, frame, expected);
    }

    [Fact]
    public void A_changed_tag_ends_the_session()
    {
        SeedPair pair = SeedPair.Active();
        byte[] frame = SeedPair.Seal(pair.Client, "1.5"u8);
        frame[^1] ^= 0x80;
        AssertRefused(pair.Server, frame, SecureChannelError.Authentication);
    }

    [Fact]
    public void A_replayed_message_ends_the_session()
    {
        SeedPair pair = SeedPair.Active();
        byte[] request = SeedPair.Seal(pair.Client, "1"u8);
        SeedPair.Open(pair.Server, request);
        SeedPair.Open(pair.Client, SeedPair.Seal(pair.Server, "Aggregated: 1.00"u8));
        AssertRefused(pair.Server, request, SecureChannelError.UnexpectedRound);
    }

    [Fact]
    public void A_second_message_in_one_round_ends_the_session()
    {
        SeedPair pair = SeedPair.Active();
        byte[] request = SeedPair.Seal(pair.Client, "1"u8);
        SeedPair.Open(pair.Server, request);
        AssertRefused(pair.Server, request, SecureChannelError.UnexpectedMessage);
    }

    [Fact]
    public void A_reflected_message_ends_the_session()
    {
        SeedPair pair = SeedPair.Active();
        byte[] request = SeedPair.Seal(pair.Client, "1"u8);
        SeedPair.Open(pair.Server, request);
        byte[] response = SeedPair.Seal(pair.Server, "Aggregated: 1.00"u8);
        AssertRefused(pair.Server, response, SecureChannelError.UnexpectedMessage);
    }

    [Fact]
    public void A_message_relabelled_after_its_reflection_fails_by_its_MAC()
    {
        SeedPair pair = SeedPair.Active();
        byte[] request = SeedPair.Seal(pair.Client, "1"u8);
        SeedPair.Open(pair.Server, request);
        byte[] response = SeedPair.Seal(pair.Server, "1"u8);
        response[MessageStart + SeedFrame.OpcodeOffset] = (byte)SeedOpcode.ClientData;
        response[MessageStart + SeedFrame.DirectionOffset] = SeedFrame.ClientToServer;
        response[MessageStart + SeedFrame.RoundOffset + 3]++;
        AssertRefused(pair.Server, response, SecureChannelError.Authentication);
    }

    [Theory]
    [InlineData((byte)SeedOpcode.ClientHello)]
    [InlineData((byte)SeedOpcode.ServerChallenge)]
    [InlineData((byte)SeedOpcode.ServerAggregate)]
    [InlineData(0)]
    [InlineData(61)]
    [InlineData(255)]
    public void An_opcode_of_another_phase_or_role_ends_the_session(byte opcode)
    {
        SeedPair pair = SeedPair.Active();
        byte[] frame = SeedPair.Seal(pair.Client, "1"u8);
        frame[MessageStart] = opcode;
        AssertRefused(pair.Server, frame, SecureChannelError.UnexpectedMessage);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(15)]
    [InlineData(16)]
    [InlineData(63)]
    public void A_cut_message_ends_the_session(int cut)
    {
        SeedPair pair = SeedPair.Active();
        byte[] frame = SeedPair.Seal(pair.Client, new byte[40]);
        AssertRefused(
            pair.Server,
            frame[..^cut],
            cut == 16 ? SecureChannelError.Authentication : SecureChannelError.Malformed
        );
    }

    [Theory]
    [InlineData(0)]
    [InlineData(17)]
    [InlineData(255)]
    [InlineData(-1)] // the last byte is right and the one before it is not
    public void Wrong_padding_behind_a_right_MAC_is_tampering(int lastByte)
    {
        SeedPair pair = SeedPair.Active();
        byte[] padded = new byte[16];
        padded.AsSpan(4).Fill(12);
        if (lastByte >= 0)
            padded[^1] = (byte)lastByte;
        else
            padded[^2] ^= 1;
        byte[] frame = SealBadlyPadded(pair.Client, padded);
        AssertRefused(pair.Server, frame, SecureChannelError.Authentication);
    }

    [Fact]
    public void Another_masters_key_is_not_accepted()
    {
        SeedPair right = new();
        SeedPair wrong = new(masterKey: "client7_master_K"u8.ToArray());
        AssertRefused(
            right.Server,
            SeedPair.Seal(wrong.Client, "Hello from client 7"u8),
            SecureChannelError.Authentication
        );
    }

    [Fact]
    public void After_a_failure_even_the_right_message_is_refused()
    {
        SeedPair pair = SeedPair.Active();
        byte[] frame = SeedPair.Seal(pair.Client, "1"u8);
        byte[] changed = [.. frame];
        changed[^1] ^= 1;
        SeedPair.Open(pair.Server, changed);
        Assert.Equal(OpenStatus.Failed, SeedPair.Open(pair.Server, frame).Result.Status);
        Assert.Throws<InvalidOperationException>(() => SeedPair.Seal(pair.Server, "x"u8));
    }

    [Fact]
    public void Speaking_out_of_turn_is_the_callers_mistake_and_costs_nothing()
    {
        SeedPair pair = SeedPair.Active();
        Assert.Throws<InvalidOperationException>(() => SeedPair.Seal(pair.Server, "x"u8));
        byte[] request = SeedPair.Seal(pair.Client, "1"u8);
        Assert.Throws<InvalidOperationException>(() => SeedPair.Seal(pair.Client, "2"u8));
        Assert.Equal("1"u8.ToArray(), SeedPair.Open(pair.Server, request).Payload);
    }

    private static void AssertRefused(SeedSession session, byte[] frame, SecureChannelError expected)
    {
        byte[][] before = SeedPair.Keys(session);
        (OpenResult result, _, byte[] whole) = SeedPair.Open(session, frame);
        Assert.Equal((OpenStatus.Failed, expected), (result.Status, result.Error));
        Assert.All(whole, b => Assert.Equal(0, b));
        Assert.Equal(ProtocolPhase.Terminated, session.Phase);

        // The sending keys stayed where they were for the last word, and go with it; the receiving ones are gone
        // already.
        Assert.Equal(before[2], session.ServerToClientKeys.EncryptionKey.ToArray());
        Assert.True(session.ClientToServerKeys.IsErased);
        Assert.NotEmpty(SeedPair.Terminate(session, result.Error));
        Assert.True(session.ServerToClientKeys.IsErased);
    }

    // What only somebody with the keys can send: a message whose MAC is right and whose padding is not.
    private static byte[] SealBadlyPadded(SeedSession client, byte[] padded)
    {
        byte[] message = new byte[SeedFrame.PrefixSize + SeedFrame.Overhead + padded.Length];
        SeedFrame.WriteHeader(message, SeedOpcode.ClientData, 7, client.Round, SeedFrame.ClientToServer);
        Span<byte> body = message.AsSpan(MessageStart);
        using Aes aes = Aes.Create();
        aes.SetKey(client.ClientToServerKeys.EncryptionKey);
        aes.EncryptCbc(padded, new byte[16], body.Slice(SeedFrame.CiphertextOffset, padded.Length), PaddingMode.None);
        HMACSHA256.HashData(client.ClientToServerKeys.MacKey, body[..^SeedFrame.MacSize], body[^SeedFrame.MacSize..]);
        return message;
    }
}
