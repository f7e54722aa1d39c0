using SymRatchet.Stress.Checks;
using SymRatchet.Stress.Ends;

namespace SymRatchet.Stress;

/// <summary>
/// One run of one scenario. What it plans follows from the seed and its number; how it interleaves does not.
/// </summary>
internal sealed class Step(StressRun run, long number, string scenario)
{
    private readonly Random _random = new(HashCode(run.Options.Seed, number));

    internal StressRun Run => run;

    internal long Number => number;

    /// <summary>Plans; for one thread.</summary>
    internal Random Random => _random;

    internal long Now => run.Watchdog.Now;

    internal Random NewRandom() => new(_random.Next());

    internal bool Chance(double probability) => _random.NextDouble() < probability;

    internal void Fail(string what, Connection? connection = null) =>
        run.Verdict.Fail($"{scenario}: {what}; {this}: {connection?.Plan}");

    /// <summary>Makes a call under the watchdog.</summary>
    internal async Task<T> CallAsync<T>(
        string what,
        Connection? connection,
        CancellationToken token,
        Func<ValueTask<T>> call
    )
    {
        using PendingCall pending = run.Watchdog.Enter(this, what, connection, token);
        Task<T> task = call().AsTask();
        if (await Task.WhenAny(task, pending.Overdue) != task)
            throw new OverdueException(what);
        return await task;
    }

    internal Task CallAsync(string what, Connection? connection, CancellationToken token, Func<ValueTask> call) =>
        CallAsync(
            what,
            connection,
            token,
            async ValueTask<bool> () =>
            {
                await call();
                return true;
            }
        );

    /// <summary>A token that is cancelled at a random moment: soon, a little later, or hardly ever.</summary>
    internal static CancellationToken Soon(Random random)
    {
        CancellationTokenSource source = new();
        switch (random.Next(4))
        {
            case 0:
                source.CancelAfter(random.Next(1, 30));
                break;
            case 1:
                source.Cancel();
                break;
            default:
                int turns = random.Next(20_000);
                ThreadPool.UnsafeQueueUserWorkItem(
                    _ =>
                    {
                        Thread.SpinWait(turns);
                        source.Cancel();
                    },
                    null
                );
                break;
        }

        return source.Token;
    }

    public override string ToString() => $"{scenario} --seed {run.Options.Seed} --step {number}";

    // The same on every machine and in every process.
    private static int HashCode(int seed, long number) => (int)Direction.Mix(((ulong)(uint)seed << 32) + (ulong)number);
}
