using System.Diagnostics;
using HdrHistogram;
using Spectre.Console;
using SymRatchet.Comparison.Peers;
using SymRatchet.Comparison.Running;

namespace SymRatchet.Comparison.Soak;

/// <summary>
/// Keeps many clients connected to one server and looks at round trips, errors and memory while the time passes.
/// </summary>
/// <param name="peer">What protects the connections.</param>
/// <param name="clients">How many stay connected.</param>
/// <param name="time">How long they talk.</param>
/// <param name="interval">The time between the messages of a client.</param>
/// <param name="addresses">Where they connect from.</param>
internal sealed class SoakRun(string peer, int clients, TimeSpan time, TimeSpan interval, LoopbackAddresses addresses)
{
    private const int ConnectAtOnce = 32;
    private const int CloseAtOnce = 256;
    private const int Looks = 20;

    // The first connections bring code and tables into memory that all others share.
    private readonly int _warmUp = Math.Min(64, clients / 2);
    private readonly PeerConnection[] _connections = new PeerConnection[clients];

    private readonly LongConcurrentHistogram _roundTrips = new(1, RoundTrips.Longest, RoundTrips.Digits);
    private long _errors;
    private string? _firstError;

    /// <summary>Runs to the end, or until it is interrupted.</summary>
    /// <param name="console">Shows how far it is.</param>
    /// <param name="connected">Told when all are connected; they talk once it is done.</param>
    /// <param name="cancellationToken">Interrupts it.</param>
    internal async Task<SoakPart> RunAsync(
        IAnsiConsole console,
        Func<Task> connected,
        CancellationToken cancellationToken
    )
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

        await connected();
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

        return new SoakPart(
            clients,
            _errors,
            _firstError,
            [
                .. _roundTrips
                    .RecordedValues()
                    .Select(value => new[] { value.ValueIteratedTo, value.CountAtValueIteratedTo }),
            ],
            SideResult.Of(0, empty, idle, before, after, least, clients - _warmUp, [.. looks.Select(l => l.Server)]),
            SideResult.Of(1, empty, idle, before, after, least, clients - _warmUp, [.. looks.Select(l => l.Clients)])
        );
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
                PeerConnection connection = _connections[i] = await server.ConnectAsync(addresses[i]);
                await connection.SendWorkAsync(Work.PingPong);
                await connection.ReceiveWorkAsync();
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
