using SymRatchet.Seed;
using SymRatchet.Session;
using SymRatchet.TestKit;

namespace SymRatchet.Tests.Seed;

/// <summary>How a seed session ends, said and understood.</summary>
public sealed class SeedTerminationTests
{
    public static TheoryData<byte> TerminationCodes => [.. Enumerable.Range(50, 11).Select(code => (byte)code)];

    [Fact]
    public void A_proven_close_is_a_close()
    {
        SeedPair pair = SeedPair.Active();
        byte[] terminate = SeedPair.Terminate(pair.Client, SecureChannelError.None);
        Assert.Equal(OpenStatus.Closed, SeedPair.Open(pair.Server, terminate).Result.Status);
    }

    [Fact]
    public void A_close_in_the_middle_of_a_round_is_no_clean_one()
    {
        SeedPair pair = SeedPair.Active();
        SeedPair.Seal(pair.Client, "1"u8);
        byte[] terminate = SeedPair.Terminate(pair.Server, SecureChannelError.None);
        Assert.Equal(SecureChannelError.TerminatedByPeer, SeedPair.Open(pair.Client, terminate).Result.Error);
    }

    [Theory]
    [InlineData(SecureChannelError.Authentication, (byte)SeedOpcode.KeyDesyncError)]
    [InlineData(SecureChannelError.UnexpectedRound, (byte)SeedOpcode.Terminate)]
    [InlineData(SecureChannelError.Aborted, (byte)SeedOpcode.Terminate)]
    public void A_failure_is_told_to_the_peer_under_the_current_keys(SecureChannelError reason, byte opcode)
    {
        SeedPair pair = SeedPair.Active();
        byte[] terminate = SeedPair.Terminate(pair.Server, reason);
        Assert.Equal(opcode, terminate[SeedFrame.PrefixSize]);
        OpenResult result = SeedPair.Open(pair.Client, terminate).Result;
        Assert.Equal(SecureChannelError.TerminatedByPeer, result.Error);
        Assert.DoesNotContain("unproven", result.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(TerminationCodes))]
    public void Every_error_code_ends_the_session_proven_or_not_whole_or_bare(byte code)
    {
        foreach (byte[] message in new[] { [code], [code, 7, 0, 0, 0, 1, 2], new byte[71] })
        {
            SeedPair pair = SeedPair.Active();
            message[0] = code;
            byte[] frame = [0, 0, 0, (byte)message.Length, .. message];
            OpenResult result = SeedPair.Open(pair.Client, frame).Result;
            Assert.Equal((OpenStatus.Failed, SecureChannelError.TerminatedByPeer), (result.Status, result.Error));
            Assert.Contains("unproven", result.Detail, StringComparison.Ordinal);
            Assert.Equal(ProtocolPhase.Terminated, pair.Client.Phase);
            Assert.True(pair.Client.ServerToClientKeys.IsErased);
        }
    }

    [Fact]
    public void The_last_word_is_said_once_and_erases_all_keys()
    {
        SeedPair pair = SeedPair.Active();
        Assert.NotEmpty(SeedPair.Terminate(pair.Client, SecureChannelError.Aborted));
        Assert.Empty(SeedPair.Terminate(pair.Client, SecureChannelError.None));
        Assert.True(pair.Client.ClientToServerKeys.IsErased);
        Assert.True(pair.Client.ServerToClientKeys.IsErased);
        Assert.Throws<InvalidOperationException>(() => SeedPair.Seal(pair.Client, "1"u8));
    }
}
