using SymRatchet.Protocol1;
using SymRatchet.TestKit;

namespace SymRatchet.Tests.Protocol1;

/// <summary>
/// What a client makes of a challenge, from somebody who has the keys and does one thing wrong. Protocol 1, section
/// 5.2.
/// </summary>
public sealed class ChallengeTests : HandshakeSteps
{
    [Theory]
    [InlineData("mac_id", SecureChannelError.Authentication, "the challenge does not verify")]
    [InlineData("suite not offered", SecureChannelError.UnexpectedMessage, "not offered")]
    [InlineData("evolution", SecureChannelError.UnexpectedMessage, "not offered")]
    [InlineData("extensions", SecureChannelError.UnexpectedMessage, "not offered")]
    [InlineData("past epoch", SecureChannelError.UnexpectedMessage, "past epoch")]
    [InlineData("epoch far ahead", SecureChannelError.Limit, "epochs ahead")]
    [InlineData("epoch beyond 63 bits", SecureChannelError.Limit, "epochs ahead")]
    [InlineData("mac_s", SecureChannelError.Authentication, "did not prove")]
    [Requirement("R5.2-5", "R5.2-6", "R5.2-7", "R5.2-8", "R3-23")]
    public void A_client_checks_a_challenge_step_by_step_and_moves_nothing(
        string wrong,
        SecureChannelError error,
        string detail
    )
    {
        InMemoryKeyStore store = At(ChannelRole.Client, 6);
        using HandshakeEnd client = Client(store);
        using StoredKey key = StoreAt.Find(store, Id);

        // Whatever is wrong at one step, everything that a later step looks at is wrong too.
        Insider insider = wrong switch
        {
            "mac_id" or "suite not offered" => new Insider
            {
                Suite = 3,
                Evolution = 0,
                Epoch = 1,
                Extensions = [0],
                HasWrongProof = true,
            },
            "evolution" => new Insider
            {
                Evolution = 0,
                Epoch = 1,
                HasWrongProof = true,
            },
            "extensions" => new Insider
            {
                Extensions = [0],
                Epoch = 1,
                HasWrongProof = true,
            },
            "past epoch" => new Insider { Epoch = 5, HasWrongProof = true },
            "epoch far ahead" => new Insider { Epoch = 6 + 65_537, HasWrongProof = true },
            "epoch beyond 63 bits" => new Insider { Epoch = ulong.MaxValue, HasWrongProof = true },
            _ => new Insider { Epoch = 6, HasWrongProof = true },
        };
        (byte[] challenge, SessionSecrets secrets) = insider.Challenge(key, client.Outgoing.Dequeue());
        secrets.Dispose();
        if (wrong == "mac_id")
            challenge[^33] ^= 1;
        client.Receive(challenge);
        AssertRefused(client, error, detail);
        Assert.Equal(6, StoreAt.Of(store, Key).Epoch);
    }

    [Theory]
    [MemberData(nameof(Malformed))]
    [Requirement("R5.2-5", "R4-10")]
    public void A_client_refuses_a_malformed_challenge_before_it_looks_at_a_mac(string what)
    {
        using HandshakeEnd client = Client(At(ChannelRole.Client, 0));
        using StoredKey key = Stored(ChannelRole.Client);
        byte[] hello = client.Outgoing.Dequeue();
        client.Receive(Malform(what, insider => insider.Challenge(key, hello).Challenge));
        AssertRefused(client, SecureChannelError.Malformed, "not a SERVER_CHALLENGE");
    }

    [Fact]
    [Requirement("R5.2-7", "R3-21")]
    public void Without_evolution_a_client_takes_epoch_0_only()
    {
        using PreSharedKey fixedKey = PreSharedKey.Import(
            Id,
            new byte[PreSharedKey.Size],
            evolution: KeyEvolution.None
        );
        using InMemoryKeyStore store = new(ChannelRole.Client);
        store.Add(fixedKey);
        using StoredKey key = fixedKey.ImportFor(ChannelRole.Client);
        using HandshakeEnd client = Client(store);
        (byte[] challenge, SessionSecrets secrets) = new Insider { Evolution = 0, Epoch = 1 }.Challenge(
            key,
            client.Outgoing.Dequeue()
        );
        secrets.Dispose();
        client.Receive(challenge);
        AssertRefused(client, SecureChannelError.UnexpectedMessage, "does not evolve");
    }
}
