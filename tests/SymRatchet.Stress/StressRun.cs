using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using SymRatchet.Stress.Checks;
using SymRatchet.Stress.Scenarios;

namespace SymRatchet.Stress;

/// <summary>
/// Runs steps, so many at a time, in rounds of ten seconds; between two rounds nothing runs, and what is left over
/// shows.
/// </summary>
internal sealed class StressRun
{
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly IScenario[] _scenarios;
    private readonly InMemoryKeyStore _keys = new(ChannelRole.Server);
    private readonly ConcurrentDictionary<string, long> _runs = new();
    private readonly ConcurrentDictionary<string, long> _running = new();
    private readonly Stopwatch _elapsed = Stopwatch.StartNew();
    private long _steps;
    private long _bytes;

    internal StressRun(StressOptions options)
    {
        Options = options;
        Log = new ErrorLog(Verdict);
        Identities = new Identities(_keys);
        ServerOptions = new SecureChannelServerOptions
        {
            Keys = _keys,
            ChannelRegistry = Identities.Live,
            LoggerFactory = Log,
        };
        Web = new StressServer(this);
        IScenario[] all =
        [
            new DuplexScenario(),
            new NestedScenario(),
            new HandshakeScenario(),
            new RelayScenario(),
            new HttpScenario(),
            new EchoScenario(),
        ];
        _scenarios =
        [
            .. all.Where(scenario => options.Only is null || scenario.Name == options.Only)
                .SelectMany(scenario => Enumerable.Repeat(scenario, scenario.Weight)),
        ];
        if (_scenarios.Length == 0)
            throw new ArgumentException($"No {options.Only} among {string.Join(", ", all.Select(s => s.Name))}.");
    }

    internal StressOptions Options { get; }

    internal Verdict Verdict { get; } = new();

    internal Watchdog Watchdog { get; } = new();

    internal ErrorLog Log { get; }

    internal Identities Identities { get; }

    internal SecureChannelServerOptions ServerOptions { get; }

    internal StressServer Web { get; }

    internal void Count(long bytes) => Interlocked.Add(ref _bytes, bytes);

    /// <returns>Whether every invariant held.</returns>
    internal async Task<bool> RunAsync()
    {
        TaskScheduler.UnobservedTaskException += (_, e) => Verdict.Fail($"nobody observed {e.Exception}");
        AppDomain.CurrentDomain.UnhandledException += (_, e) => Verdict.Fail($"nobody handled {e.ExceptionObject}");
        using CancellationTokenSource stopping = new();
        Task watching = Watchdog.RunAsync(stopping.Token);
        PoolCanary[] canaries = [.. Enumerable.Range(0, 2).Select(i => new PoolCanary(Verdict, Options.Seed + i))];
        Task[] holding = [.. canaries.Select(canary => Task.Run(() => canary.RunAsync(stopping.Token)))];
        Resources resources = new(Verdict);
        await Web.StartAsync();
        var end = TimeSpan.FromMinutes(Options.Minutes);
        bool isStuck = false;
        while (_elapsed.Elapsed < end && !isStuck)
        {
            TimeSpan until = _elapsed.Elapsed + Round < end ? _elapsed.Elapsed + Round : end;
            var workers = Task.WhenAll(
                Enumerable.Range(0, Options.Parallel).Select(_ => Task.Run(() => WorkAsync(until)))
            );
            isStuck = await Task.WhenAny(workers, Task.Delay(Round + Patience, CancellationToken.None)) != workers;
            if (isStuck)
                Verdict.Fail($"steps that do not come to their end: {string.Join(", ", _running.Keys)}");
            else
                await resources.SampleAsync();
            Tell(resources, canaries.Sum(canary => canary.Looks));
        }

        await stopping.CancelAsync();
        if (!isStuck)
        {
            await Task.WhenAll([watching, .. holding]);
            await Web.StopAsync();
            await Identities.Live.DisposeAsync();
            _keys.Dispose();
        }

        Verdict.Sum();
        Console.WriteLine(Verdict.Failures == 0 ? "every invariant held" : $"{Verdict.Failures} failures");
        return Verdict.Failures == 0;
    }

    private async Task WorkAsync(TimeSpan until)
    {
        while (_elapsed.Elapsed < until)
        {
            long number = Options.Step ?? Interlocked.Increment(ref _steps);
            IScenario scenario = _scenarios[Choose(number)];
            Step step = new(this, number, scenario.Name);
            string key = $"{step} {Guid.NewGuid()}";
            _running.TryAdd(key, 0);
            try
            {
                await scenario.RunAsync(step);
            }
            catch (OverdueException)
            {
                // Told of by the watchdog.
            }
            catch (Exception e)
            {
                step.Fail($"it threw {e}");
            }

            _running.TryRemove(key, out _);
            _runs.AddOrUpdate(scenario.Name, 1, (_, n) => n + 1);
        }
    }

    private int Choose(long number) =>
        (int)(
            Ends.Direction.Mix(((ulong)(uint)Options.Seed << 32) ^ (ulong)number ^ 0x5EED) % (ulong)_scenarios.Length
        );

    private void Tell(Resources resources, long looks)
    {
        string runs = string.Join(
            ", ",
            _runs.OrderBy(run => run.Key, StringComparer.Ordinal).Select(run => $"{run.Key} {run.Value}")
        );
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{_elapsed.Elapsed:h\\:mm\\:ss} {runs}; {Interlocked.Read(ref _bytes) >> 20} MiB, "
                    + $"{looks} looks at the pool, {resources.Memory >> 20} MiB live, "
                    + $"{resources.Handles} handles, {Verdict.Failures} failures"
            )
        );
    }
}
