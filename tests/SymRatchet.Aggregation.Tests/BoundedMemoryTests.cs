namespace SymRatchet.Aggregation.Tests;

/// <summary>
/// Memory over unbounded rounds. It looks at the heap of the whole process, so nothing else may run meanwhile.
/// </summary>
[Collection(Alone.Name)]
public sealed class BoundedMemoryTests
{
    [Fact]
    public void A_hundred_thousand_rounds_take_no_more_memory_than_the_first_thousand()
    {
        EngineHarness bounded = new(
            RoundClosing.Immediately,
            options => new RoundOptions(options)
            {
                RetainedNumbersPerClient = 1000,
                HistoryLength = 16,
                Observer = null,
            }
        );
        RoundMember a = bounded.Join("a");
        Run(1_000);
        long before = GC.GetTotalMemory(forceFullCollection: true);
        Run(100_000);
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, 256 * 1024);
        Assert.Equal(101_000, bounded.Engine.History[^1].Number);

        void Run(int rounds)
        {
            for (int i = 0; i < rounds; i++)
            {
                bounded.Contribute(a, 1, 2, 3);
                Assert.True(bounded.Engine.TryTakeOutcome(out _));
            }
        }
    }

    [Fact]
    public void Neither_do_shared_rounds_of_clients_that_come_and_go()
    {
        EngineHarness bounded = new(
            RoundClosing.WhenAllPresent(),
            options => new RoundOptions(options) { HistoryLength = 16, Observer = null }
        );
        RoundMember stays = bounded.Join("stays");
        Run(1_000);
        long before = GC.GetTotalMemory(forceFullCollection: true);
        Run(100_000);
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, 256 * 1024);
        Assert.Equal(101_000, bounded.Engine.History[^1].Number);
        Assert.Equal([stays], bounded.Engine.Present);

        void Run(int rounds)
        {
            for (int i = 0; i < rounds; i++)
            {
                RoundMember passes = bounded.Join($"passes {i}");
                bounded.Contribute(passes, 1, 2, 3);
                bounded.Contribute(stays, 4);
                while (bounded.Engine.TryTakeOutcome(out _))
                    continue;
                bounded.Engine.Leave(passes);
            }
        }
    }
}
