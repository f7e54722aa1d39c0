using FsCheck;
using FsCheck.Xunit;
using SymRatchet.Protocol1;
using SymRatchet.TestKit;

namespace SymRatchet.PropertyTests.Session;

/// <summary>What holds of every handshake in which one message is changed on the wire.</summary>
public sealed class HandshakeProperties
{
    private static readonly Opcode[] Messages =
    [
        Opcode.ClientHello,
        Opcode.ServerChallenge,
        Opcode.ClientConfirm,
        Opcode.ServerConfirm,
    ];

    [Property(MaxTest = 1000)]
    [Requirement("R5.1-4", "R5.2-5", "R5.2-8", "R5.3-4")]
    public void A_changed_message_delivers_nothing_and_splits_no_secrets_and_the_next_handshake_succeeds(
        CipherSuiteId suite,
        WireChange change,
        byte message,
        bool sendBeforeConfirm,
        (byte Client, byte Server) epochs,
        Attack attack
    )
    {
        using Parties parties = new(suite, sendBeforeConfirm, epochs.Client % 4, epochs.Server % 4);
        Opcode changed = Messages[message % Messages.Length];
        List<byte[]> foreign = attack.OtherRunsFirst ? parties.RunUndisturbed() : [];
        using HandshakeEnd client = parties.NewClient(),
            server = parties.NewServer();
        List<byte[]> seen = [];
        Parties.Exchange(
            client,
            server,
            frame =>
            {
                seen.Add(frame);
                if ((Opcode)frame[0] != changed || seen.Count(earlier => earlier[0] == frame[0]) > 1)
                    return frame;

                // Just before the change, so that both handshakes may be of one epoch.
                if (!attack.OtherRunsFirst)
                    foreign = parties.RunUndisturbed();
                return attack.Change(
                    change,
                    frame,
                    [.. seen[..^1], .. client.Outgoing, .. server.Outgoing, .. foreign],
                    foreign
                );
            }
        );

        if (client.WasActive && server.WasActive)
            Assert.Equal(client.FirstChainKey, server.FirstChainKey);
        AssertDelivered(changed, change, client, server);
        Assert.InRange(parties.EpochsApart, 0, 1);

        byte[]? disturbed = client.FirstChainKey;
        parties.RunUndisturbed(healed => Assert.NotEqual(disturbed, healed));
    }

    [Property(MaxTest = 1000)]
    [Requirement("R5.1-10", "R5.2-8")]
    public void Without_a_change_both_ends_agree_whatever_epochs_they_start_from(
        CipherSuiteId suite,
        bool sendBeforeConfirm,
        (byte Client, byte Server) epochs
    )
    {
        using Parties parties = new(suite, sendBeforeConfirm, epochs.Client, epochs.Server);
        parties.RunUndisturbed();
        Assert.Equal(0, parties.EpochsApart);
    }

    // Whoever the changed message was for hears nothing. Its peer may hear its own word over the keys of both, where it
    // was proven before it met the change: a message that comes twice was right the first time, and the last message
    // finds a server that is proven already.
    private static void AssertDelivered(Opcode changed, WireChange change, HandshakeEnd client, HandshakeEnd server)
    {
        bool wasForClient = changed is Opcode.ServerChallenge or Opcode.ServerConfirm;
        (HandshakeEnd victim, HandshakeEnd peer, byte[] victimsWord) = wasForClient
            ? (client, server, Parties.ClientWord)
            : (server, client, Parties.ServerWord);
        Assert.Empty(victim.Delivered);
        Assert.True(change == WireChange.Repeat || !victim.WasActive);
        if (peer.Delivered.Count == 0)
            return;

        Assert.True(change == WireChange.Repeat || changed == Opcode.ServerConfirm);
        Assert.Equal(victimsWord, Assert.Single(peer.Delivered));
        Assert.Equal(client.FirstChainKey, server.FirstChainKey);
    }
}
