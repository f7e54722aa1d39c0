using System.Diagnostics;
using HdrHistogram;
using Spectre.Console;
using SymRatchet.Comparison.Peers;
using SymRatchet.Comparison.Running;

namespace SymRatchet.Comparison.Soak;

/// <summary>
/// Keeps many clients connected to one server and looks at round trips, errors and memory while the time passes.
/// </summary>
internal sealed class SoakRun(string peer, int clients, TimeSpan time, TimeSpan interval)
{
    private const int ConnectAtOnce = 32;
    private const int CloseAtOnce = 256;
    private const int Looks = 20;

    // The first connections bring code and tables into memory that all others share.
    private readonly int _warmUp = Math.Min(64, clients / 2);
    private readonly LoopbackAddresses _addresses = LoopbackAddresses.For(clients);
    private readonly PeerConnection[] _connections = new PeerConnection[clients];

    // Microseconds to ten minutes, to three digits.
    private readonly LongConcurrentHistogram _roundTrips = new(1, 600_000_000, 3);
    private long _errors;
    private string? _firstError;

    /// <summary>Runs to the end, or until it is interrupted.</summary>
    /// <returns>The exit code: 0 where nothing went wrong.</returns>
    internal async Task<int> RunAsync(IAnsiConsole console, string? json, CancellationToken cancellationToken)
    {
        await using ServerPool servers = new();
        ServerProcess server = await servers.GetAsync(peer);
        ProcessUse[] empty = [],
            idle = [];
        await console
            .Progress()
            .StartAsync(async progress =>
            {
                ProgressTask task = progress.AddTask($"{clients} clients connect", maxValue: clients);
                await ConnectAsync(server, 0, _warmUp, task);
                empty = await UseAsync(server, collected: true);
                await ConnectAsync(server, _warmUp, clients, task);
                idle = await UseAsync(server, collected: true);
            });

        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        ProcessUse[] before = await UseAsync(server);
        Task[] talking =
        [
            .. _connections.Select((connection, i) => TalkAsync(connection, interval * i / clients, end.Token)),
        ];
        List<(long Server, long Clients)> looks = await console
            .Progress()
            .StartAsync(progress =>
                LookAsync(
                    server,
                    progress.AddTask(Report.Text($"a message each {interval.TotalSeconds:0.###} s"), maxValue: Looks),
                    cancellationToken
                )
            );
        await end.CancelAsync();
        await Task.WhenAll(talking);
        ProcessUse[] after = await UseAsync(server);
        ProcessUse[] least = await UseAsync(server, collected: true);
        await CloseAsync(console);

        SoakResult result = new(
            peer,
            clients,
            interval.TotalSeconds,
            time.TotalSeconds,
            _roundTrips.TotalCount,
            _errors,
            _firstError,
            RoundTrips.Of(_roundTrips),
            SideResult.Of(0, empty, idle, before, after, least, clients - _warmUp, [.. looks.Select(l => l.Server)]),
            SideResult.Of(1, empty, idle, before, after, least, clients - _warmUp, [.. looks.Select(l => l.Clients)])
        );
        result.Show(console);
        if (json is not null)
            await Report.WriteJsonAsync(json, result);
        return _errors == 0 && !cancellationToken.IsCancellationRequested ? 0 : 1;
    }

    // The server's, then this process's, which holds the clients.
    private static async Task<ProcessUse[]> UseAsync(ServerProcess server, bool collected = false)
    {
        if (collected)
            ProcessUse.Collect();
        return [await server.UseAsync(collected), ProcessUse.Now];
    }

    private Task ConnectAsync(ServerProcess server, int from, int to, ProgressTask progress) =>
        Parallel.ForAsync(
            from,
            to,
            new ParallelOptions { MaxDegreeOfParallelism = ConnectAtOnce },
            async (i, _) =>
            {
                PeerConnection connection = _connections[i] = await server.ConnectAsync(_addresses[i]);
                await connection.SendNumberAsync((long)Work.PingPong);
                await connection.ReceiveNumberAsync();
                progress.Increment(1);
            }
        );

    private Task CloseAsync(IAnsiConsole console) =>
        console
            .Progress()
            .StartAsync(progress =>
            {
                ProgressTask task = progress.AddTask("they hang up", maxValue: clients);
                return Parallel.ForEachAsync(
                    _connections,
                    new ParallelOptions { MaxDegreeOfParallelism = CloseAtOnce },
                    async (connection, _) =>
                    {
                        await connection.DisposeAsync();
                        task.Increment(1);
                    }
                );
            });

    private async Task TalkAsync(PeerConnection connection, TimeSpan start, CancellationToken end)
    {
        byte[] message = new byte[Scenarios.Sizes.Message];
        try
        {
            await Task.Delay(start, end);
            using PeriodicTimer timer = new(interval);
            do
            {
                long sent = Stopwatch.GetTimestamp();
                await connection.Stream.WriteAsync(message, CancellationToken.None);
                await connection.Stream.ReadExactlyAsync(message, CancellationToken.None);
                _roundTrips.RecordValue(Math.Max(1, (long)Stopwatch.GetElapsedTime(sent).TotalMicroseconds));
            } while (await timer.WaitForNextTickAsync(end));
        }
        catch (OperationCanceledException)
        {
            // The time is over.
        }
        catch (Exception e) when (e is IOException or InvalidOperationException)
        {
            Interlocked.Increment(ref _errors);
            Interlocked.CompareExchange(ref _firstError, e.Message, null);
        }
    }

    // The first look is after one part of the time: by then every buffer that is used at all has been used.
    private async Task<List<(long Server, long Clients)>> LookAsync(
        ServerProcess server,
        ProgressTask progress,
        CancellationToken cancellationToken
    )
    {
        List<(long Server, long Clients)> looks = [];
        for (int look = 0; look < Looks && !cancellationToken.IsCancellationRequested; look++)
        {
            await Task.Delay(time / Looks, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            looks.Add((await server.AskAsync(PeerServer.MemoryQuestion), Environment.WorkingSet));
            progress.Increment(1);
        }

        return looks;
    }
}
