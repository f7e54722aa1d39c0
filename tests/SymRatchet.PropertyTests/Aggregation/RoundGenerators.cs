using FsCheck;
using FsCheck.Fluent;
using SymRatchet.Aggregation;

namespace SymRatchet.PropertyTests.Aggregation;

/// <summary>Few clients and small numbers, so that they meet often.</summary>
public static class RoundGenerators
{
    private static readonly Gen<string> Clients = Gen.Elements("a", "b", "c", "d");

    public static Arbitrary<RoundStep> Steps() =>
        Arb.From(
            Gen.Frequency(
                (
                    3,
                    from client in Clients
                    from weight in Gen.Elements(1.0, 0.5, 3.0)
                    select (RoundStep)new RoundStep.Join(client, weight)
                ),
                (2, from client in Clients select (RoundStep)new RoundStep.Leave(client)),
                (
                    9,
                    from client in Clients
                    from numbers in Gen.Choose(-20, 20).Select(n => n / 4.0).NonEmptyListOf()
                    from offset in Gen.Frequency(
                        (8, Gen.Constant<int?>(null)),
                        (2, Gen.Choose(-2, 1).Select(n => (int?)n))
                    )
                    from earlier in Gen.Frequency((9, Gen.Constant(false)), (1, Gen.Constant(true)))
                    select (RoundStep)new RoundStep.Contribute(client, [.. numbers.Take(4)], offset, earlier)
                ),
                (2, from milliseconds in Gen.Choose(1, 70) select (RoundStep)new RoundStep.Wait(milliseconds)),
                (1, Gen.Constant((RoundStep)new RoundStep.Close())),
                (6, Gen.Constant((RoundStep)new RoundStep.Take())),
                (5, Gen.Constant((RoundStep)new RoundStep.Publish()))
            )
        );

    public static Arbitrary<IAggregator> Aggregators() =>
        Arb.From(Gen.Elements(BuiltInAggregators.Names.Select(BuiltInAggregators.Find)));
}
