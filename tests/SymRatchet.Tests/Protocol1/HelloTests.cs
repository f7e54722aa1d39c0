using SymRatchet.Protocol1;
using SymRatchet.Session;
using SymRatchet.TestKit;

namespace SymRatchet.Tests.Protocol1;

/// <summary>
/// What a server makes of a hello, from somebody who has the keys and does one thing wrong. Protocol 1, section 5.1.
/// </summary>
public sealed class HelloTests : HandshakeSteps
{
    public static TheoryData<string> WrongHellos =>
        [
            "no suite",
            "a suite twice",
            "an unknown suite twice",
            "no common suite",
            "extensions",
            "evolution",
            "epochs over",
            "epochs far over",
        ];

    [Theory]
    [MemberData(nameof(WrongHellos))]
    [Requirement("R5.1-6", "R5.1-13", "R3-20", "R3-22")]
    public void A_server_refuses_a_hello_that_offers_what_it_may_not(string what)
    {
        using HandshakeEnd server = Server(At(ChannelRole.Server, 0));
        using StoredKey key = Stored(ChannelRole.Server);
        server.Receive(
            (
                what switch
                {
                    "no suite" => new Insider { Suites = [] },
                    "a suite twice" => new Insider { Suites = [1, 2, 1] },
                    "an unknown suite twice" => new Insider { Suites = [99, 99, 1] },
                    "no common suite" => new Insider { Suites = [99, 3] },
                    "extensions" => new Insider { Extensions = [0] },
                    "evolution" => new Insider { Evolution = 0 },
                    "epochs over" => new Insider { Epoch = LastEpoch },
                    _ => new Insider { Epoch = ulong.MaxValue },
                }
            ).Hello(key)
        );
        AssertRefused(server, SecureChannelError.UnexpectedMessage, "that this server does not accept");
    }

    [Fact]
    [Requirement("R5.1-6", "R3-21")]
    public void Without_evolution_a_hello_of_another_epoch_is_refused()
    {
        using PreSharedKey fixedKey = PreSharedKey.Import(
            Id,
            new byte[PreSharedKey.Size],
            evolution: KeyEvolution.None
        );
        using InMemoryKeyStore store = new(ChannelRole.Server);
        store.Add(fixedKey);
        using StoredKey key = fixedKey.ImportFor(ChannelRole.Server);
        using HandshakeEnd refused = Server(store),
            accepted = Server(store);
        refused.Receive(new Insider { Evolution = 0, Epoch = 1 }.Hello(key));
        AssertRefused(refused, SecureChannelError.UnexpectedMessage, "that this server does not accept");
        accepted.Receive(new Insider { Evolution = 0 }.Hello(key));
        Assert.Single(accepted.Outgoing);
    }

    [Fact]
    [Requirement("R5.1-7", "R5.2-2")]
    public void Suites_that_a_server_does_not_know_are_passed_over()
    {
        using HandshakeEnd server = Server(At(ChannelRole.Server, 0));
        using StoredKey key = Stored(ChannelRole.Server);
        server.Receive(new Insider { Suites = [99, 2, 0, 1, 255] }.Hello(key));
        Assert.Equal(1, Assert.Single(server.Outgoing)[FrameHeader.Size]);
    }

    [Theory]
    [MemberData(nameof(Malformed))]
    [Requirement("R4-10")]
    public void A_malformed_hello_is_refused_before_its_id_is_looked_up(string what)
    {
        using StoredKey key = Stored(ChannelRole.Server);
        var expected = (FrameExpected)ServerHandshake.Start(Settings());
        var refused = Assert.IsType<Refused>(expected.Receive(Malform(what, insider => insider.Hello(key))));
        Assert.Equal(SecureChannelError.Malformed, refused.Error);
    }

    [Fact]
    [Requirement("R4-10")]
    public void A_hello_without_an_id_is_malformed()
    {
        using StoredKey key = Stored(ChannelRole.Server);
        var refused = Assert.IsType<Refused>(
            ((FrameExpected)ServerHandshake.Start(Settings())).Receive(new Insider { Id = [] }.Hello(key))
        );
        Assert.Equal(SecureChannelError.Malformed, refused.Error);
    }

    [Fact]
    [Requirement("R5.1-4")]
    public async Task A_hello_is_checked_with_the_second_key_where_the_first_does_not_verify()
    {
        using PreSharedKey next = PreSharedKey.Import(Id, new byte[PreSharedKey.Size]);
        InMemoryKeyStore store = At(ChannelRole.Server, 7);
        await store.RotateAsync(next);
        using StoredKey first = StoreAt.Find(At(ChannelRole.Server, 7), Id),
            second = next.ImportFor(ChannelRole.Server);
        using HandshakeEnd ofFirst = Server(store),
            ofSecond = Server(store);
        ofFirst.Receive(new Insider { Epoch = 7 }.Hello(first));
        Assert.Equal(7UL, ServerChallenge.Parse(Assert.Single(ofFirst.Outgoing)).Epoch);
        ofSecond.Receive(new Insider().Hello(second));
        Assert.Equal(0UL, ServerChallenge.Parse(Assert.Single(ofSecond.Outgoing)).Epoch);
    }

    [Fact]
    [Requirement("R5.1-8", "R5.1-4")]
    public void A_hello_counts_against_its_identity_after_its_mac_and_before_its_epoch()
    {
        using StoredKey key = Stored(ChannelRole.Server);
        byte[] hello = new Insider { Epoch = 1_000_000 }.Hello(key),
            forged = [.. hello[..^1], (byte)(hello[^1] ^ 1)];
        Assert.IsType<Refused>(Asked(forged).Found(key));
        using HandshakeState next = Asked(hello).Found(key);
        Assert.Equal(
            SecureChannelError.Limit,
            Assert.IsType<Refused>(Assert.IsAssignableFrom<AdmissionNeeded>(next).Admitted()).Error
        );

        static KeyNeeded Asked(byte[] hello) =>
            (KeyNeeded)((FrameExpected)ServerHandshake.Start(Settings())).Receive(hello);
    }

    [Theory]
    [InlineData(6, 6, true)]
    [InlineData(6, 7, true)] // ahead: the store would move
    [InlineData(6, 90, true)]
    [InlineData(6, 5, false)] // behind: it cannot be checked, and nothing moves for it
    [Requirement("R5.1-10", "R5.1-11", "R5.1-12")]
    public void A_hello_that_does_not_prove_its_root_key_moves_nothing(
        long serverEpoch,
        ulong helloEpoch,
        bool isRefused
    )
    {
        InMemoryKeyStore store = At(ChannelRole.Server, serverEpoch);
        using StoredKey key = StoreAt.Find(store, Id);
        using HandshakeEnd server = Server(store);
        server.Receive(new Insider { Epoch = helloEpoch, HasWrongProof = true }.Hello(key));
        if (isRefused)
            AssertRefused(server, SecureChannelError.Authentication, "does not prove");
        else
            Assert.Equal((ulong)serverEpoch, ServerChallenge.Parse(Assert.Single(server.Outgoing)).Epoch);
        Assert.Equal(serverEpoch, StoreAt.Of(store, Key).Epoch);
        Assert.Empty(server.Alarms);
    }

    [Fact]
    [Requirement("R5.1-10", "R5.2-1")]
    public void A_server_that_caught_up_reads_its_store_again_and_challenges_from_there()
    {
        using StoredKey behind = Stored(ChannelRole.Server),
            proven = StoreAt.Find(At(ChannelRole.Server, 1), Id);
        var asked = (KeyNeeded)
            ((FrameExpected)ServerHandshake.Start(Settings())).Receive(new Insider { Epoch = 1 }.Hello(proven));
        var advance = (AdvanceNeeded)((AdmissionNeeded)asked.Found(behind)).Admitted();
        Assert.Equal(1, advance.Epoch);
        var again = (KeyNeeded)advance.Advanced();

        // A handshake beside this one was faster.
        using StoredKey moved = WithSerial(StoreAt.Find(At(ChannelRole.Server, 3), Id), behind.Serial);
        using var challenge = (SendNeeded)again.Found(moved);
        Assert.Equal(3UL, ServerChallenge.Parse(challenge.Bytes.Span).Epoch);
    }

    [Fact]
    [Requirement("R5.1-10")]
    public void A_store_that_says_that_it_moved_and_did_not_makes_no_session()
    {
        using StoredKey behind = Stored(ChannelRole.Server),
            proven = StoreAt.Find(At(ChannelRole.Server, 1), Id);
        var asked = (KeyNeeded)
            ((FrameExpected)ServerHandshake.Start(Settings())).Receive(new Insider { Epoch = 1 }.Hello(proven));
        var advance = (AdvanceNeeded)((AdmissionNeeded)asked.Found(behind)).Admitted();
        var again = (KeyNeeded)advance.Advanced();
        var refused = Assert.IsType<Refused>(again.Found(behind));
        Assert.Equal(SecureChannelError.KeyStore, refused.Error);
    }

    [Fact]
    [Requirement("R5.1-9")]
    public void A_hello_too_far_ahead_is_told_as_unproven()
    {
        using StoredKey key = Stored(ChannelRole.Server);
        using HandshakeEnd server = Server(At(ChannelRole.Server, 0));
        server.Receive(new Insider { Epoch = 65_537 }.Hello(key));
        AssertRefused(server, SecureChannelError.Limit, "65537 epochs ahead");
        Assert.Equal(HandshakeAlarm.UnprovenEpoch, Assert.Single(server.Alarms));
    }
}
