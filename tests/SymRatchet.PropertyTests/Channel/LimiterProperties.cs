using System.Net;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Microsoft.Extensions.Time.Testing;
using SymRatchet.Channel;
using SymRatchet.TestKit;

namespace SymRatchet.PropertyTests.Channel;

/// <summary>The limiter does what a plain reference does, and what protocol 1, section 8, promises of it.</summary>
public sealed class LimiterProperties
{
    // Few of everything, so that limits are met often. The last network is IPv4 in both of its forms.
    private static readonly IPAddress?[][] Networks =
    [
        [null, null],
        [IPAddress.Parse("10.0.0.1"), IPAddress.Parse("10.0.0.1")],
        [IPAddress.Parse("2001:db8::1"), IPAddress.Parse("2001:db8::8000:0:0:1")],
        [IPAddress.Parse("10.0.0.2"), IPAddress.Parse("::ffff:10.0.0.2")],
    ];

    [Property(MaxTest = 5000, EndSize = 120, Arbitrary = [typeof(Steps)])]
    [Requirement("R8-2", "R8-3", "R8-4", "R8-6")]
    public void Whatever_happens_the_same_are_evicted_as_by_the_reference(
        LimiterStep[] steps,
        PositiveInt inAll,
        PositiveInt perNetwork,
        PositiveInt perId
    )
    {
        FakeTimeProvider time = new();
        HandshakeLimiter limiter = new()
        {
            MaxPending = Limit(inAll, 12),
            MaxPendingPerAddress = Limit(perNetwork, 6),
            MaxPendingPerId = Limit(perId, 4),
            Time = time,
        };
        ReferenceLimiter reference = new(limiter.MaxPending, limiter.MaxPendingPerAddress, limiter.MaxPendingPerId);
        List<PendingHandshake> entered = [];
        foreach (LimiterStep step in steps)
        {
            Take(step);
            Assert.Equal(reference.Evicted, entered.Select(one => one.IsEvicted));
            Assert.Equal(reference.Pending, limiter.Pending);
        }

        entered.ForEach(one => one.Dispose());
        Assert.Equal(0, limiter.Pending);

        void Take(LimiterStep step)
        {
            switch (step)
            {
                case LimiterStep.Enter(int network, int host):
                    entered.Add(limiter.Enter(Networks[network][host]));
                    reference.Enter(network);
                    break;

                // A driver asks each thing once, and nothing of a handshake that is over.
                case LimiterStep.Identify(int n, byte id)
                    when Find(n) is { } one && !reference.IsIdentified(one) && !reference.IsOver(one):
                    Assert.Equal(reference.Identify(one, id), entered[one].TryIdentify(new ClientId([id])));
                    break;

                case LimiterStep.Confirm(int n) when Find(n) is { } one:
                    Assert.Equal(reference.Confirm(one), entered[one].TryConfirm());
                    break;

                case LimiterStep.Leave(int n) when Find(n) is { } one:
                    entered[one].Dispose();
                    reference.Confirm(one);
                    break;

                case LimiterStep.Wait(int milliseconds):
                    time.Advance(TimeSpan.FromMilliseconds(milliseconds));
                    reference.Wait(milliseconds);
                    break;

                case LimiterStep.Report:
                    Assert.Equal(reference.Report(), limiter.TryReport(out int evicted) ? evicted : null);
                    break;
            }
        }

        int? Find(int n) => entered.Count == 0 ? null : n % entered.Count;
    }

    /// <summary>
    /// 20 virtual seconds of the worst that 500 connections a second can do with the default limits: any mix of silent
    /// connections, fresh and repeated hellos of the honest client's identity, and of its address, before, between and
    /// after its messages.
    /// </summary>
    [Property(MaxTest = 150)]
    [Requirement("R8-3", "R8-6")]
    public void At_500_a_second_an_honest_handshake_of_three_seconds_is_never_evicted(int seed)
    {
        Random random = new(seed);
        HandshakeLimiter limiter = new();
        ClientId honestId = new([1]);
        double silentShare = random.NextDouble(),
            sameAddressShare = random.NextDouble(),
            sameIdShare = random.NextDouble();
        Queue<(int Ends, PendingHandshake Handshake)> attacks = new();
        List<(int Identifies, int Ends, PendingHandshake Handshake)> honest = [];
        for (int now = 0; now < 20_000; now += 2)
        {
            // One connection every 2 ms, each pending until it is evicted or its time of 10 s is over.
            while (attacks.TryPeek(out var over) && over.Ends <= now)
                attacks.Dequeue().Handshake.Dispose();
            PendingHandshake attack = limiter.Enter(
                random.NextDouble() < sameAddressShare ? IPAddress.Loopback : new IPAddress(random.Next())
            );
            attacks.Enqueue((now + 10_000, attack));
            if (random.NextDouble() >= silentShare)
                attack.TryIdentify(
                    random.NextDouble() < sameIdShare ? honestId : new ClientId([(byte)random.Next(256)])
                );

            if (now % 100 == 0)
            {
                int identifies = now + 2 * random.Next(250);
                honest.Add((identifies, identifies + 2 * random.Next(1500), limiter.Enter(IPAddress.Loopback)));
            }

            foreach ((int identifies, int ends, PendingHandshake handshake) in honest)
            {
                if (identifies == now)
                    Assert.True(handshake.TryIdentify(honestId));
                if (ends == now)
                    Assert.True(handshake.TryConfirm());
            }

            honest.RemoveAll(one => one.Ends <= now);
        }
    }

    private static int Limit(PositiveInt wanted, int largest) => 1 + wanted.Get % largest;

    public static class Steps
    {
        public static Arbitrary<LimiterStep> All() =>
            Arb.From(
                Gen.Frequency(
                    (
                        6,
                        from network in Gen.Choose(0, 3)
                        from host in Gen.Choose(0, 1)
                        select (LimiterStep)new LimiterStep.Enter(network, host)
                    ),
                    (
                        6,
                        from n in Gen.Choose(0, 200)
                        from id in Gen.Choose(0, 2)
                        select (LimiterStep)new LimiterStep.Identify(n, (byte)id)
                    ),
                    (1, from n in Gen.Choose(0, 200) select (LimiterStep)new LimiterStep.Confirm(n)),
                    (1, from n in Gen.Choose(0, 200) select (LimiterStep)new LimiterStep.Leave(n)),
                    (1, from ms in Gen.Choose(1, 1500) select (LimiterStep)new LimiterStep.Wait(ms)),
                    (1, Gen.Constant((LimiterStep)new LimiterStep.Report()))
                )
            );
    }
}
