using SymRatchet.Exploration.Machine;
using SymRatchet.Exploration.World;

namespace SymRatchet.Exploration;

/// <summary>
/// The machine itself: that it replays what it found, meets every schedule once, and that its judges can say no.
/// </summary>
public sealed class MachineTests
{
    // Without the thread pool, of whose rest nobody can be certain: there a finding is confirmed by replays instead.
    [Fact]
    public void A_schedule_replays_its_run()
    {
        for (int seed = 0; seed < 50; seed++)
        {
            RandomChooser chooser = new(seed);
            IReadOnlyList<string> first = Walk(chooser);
            Assert.NotEmpty(chooser.Taken.Deviations);
            Assert.Equal(first, Walk(new ReplayChooser(Schedule.Parse(chooser.Taken.ToString()))));
        }
    }

    private static IReadOnlyList<string> Walk(Chooser chooser)
    {
        Scheduler scheduler = new(chooser);
        int[] calls = new int[3];
        scheduler.NextCalls = () =>
            Enumerable
                .Range(0, calls.Length)
                .Where(actor => calls[actor] < 3)
                .Select(actor => new Step($"actor {actor}", () => Call(actor)));
        scheduler.Enter();
        scheduler.Explore();
        scheduler.Leave();
        return scheduler.Trace;

        void Call(int actor)
        {
            calls[actor]++;
            scheduler.Yield("a call");
            scheduler.Post($"answer to {actor}", () => scheduler.Yield("an answer"));
        }
    }

    [Fact]
    public void The_search_meets_every_schedule_within_the_bound_once()
    {
        List<string> met = [];
        SearchResult result = new Search(
            chooser =>
            {
                met.Add(
                    string.Concat(
                        new[] { 2, 3, 2 }.Select(alternatives => chooser.Choose(alternatives, isNested: false))
                    )
                );
                return [];
            },
            maxDeviations: 2,
            maxRuns: 100,
            maxFailures: 1
        ).Systematic();
        Assert.True(result.IsExhausted);
        Assert.Equal(["000", "001", "010", "011", "020", "021", "100", "101", "110", "120"], met.Order());
    }

    [Fact]
    public void The_shortest_schedule_that_fails_is_kept()
    {
        SearchResult result = new Search(
            chooser =>
                chooser.Choose(2, isNested: false) + chooser.Choose(2, isNested: false) > 0
                    ? [new Violation(Rule.NoDeadlock, "here")]
                    : [],
            maxDeviations: 2,
            maxRuns: 100,
            maxFailures: 100
        ).Systematic();
        Finding finding = Assert.Single(result.Findings).Value;
        Assert.Equal(3, finding.Runs);
        Assert.Equal("0:1", finding.Shortest.ToString());
    }

    [Fact]
    public void The_pool_sees_what_is_done_to_a_returned_array()
    {
        CheckingPool pool = new(
            new Scheduler(new ReplayChooser(Schedule.Default)),
            bytes => bytes.Span.Contains((byte)42)
        );
        byte[] array = pool.Rent(20);
        pool.Return(array);
        Assert.Empty(pool.Faults());
        array[3] = 1;
        Assert.Equal(["written to after it was returned"], pool.Faults());
        pool.Return(array);
        byte[] full = pool.Rent(20);
        full[0] = 42;
        pool.Return(full);
        Assert.Equal(["returned twice", "returned with plaintext", "written to after it was returned"], pool.Faults());
    }

    [Fact]
    public void The_ledger_takes_a_prefix_and_nothing_else()
    {
        Ledger ledger = new(salt: 1);
        Message first = ledger.Next(3);
        Message missing = ledger.Next(3);
        Message last = ledger.Next(3);
        first.MayBeMissing = last.MayBeMissing = false;
        Assert.True(ledger.TryDeliver(first.Bytes));
        Assert.False(ledger.IsComplete(message => !message.MayBeMissing));
        Assert.True(ledger.TryDeliver(last.Bytes));
        Assert.True(ledger.IsComplete(message => !message.MayBeMissing));
        Assert.False(ledger.TryDeliver(missing.Bytes));
    }
}
