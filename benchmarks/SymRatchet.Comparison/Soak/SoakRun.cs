using System.Diagnostics;
using System.Globalization;
using HdrHistogram;
using Spectre.Console;
using SymRatchet.Comparison.Peers;
using SymRatchet.Comparison.Running;

namespace SymRatchet.Comparison.Soak;

/// <summary>
/// Keeps many clients connected to one server and looks at round trips, errors and memory while the time passes.
/// </summary>
internal sealed class SoakRun(string peer, int clients, TimeSpan time)
{
    private const int ConnectAtOnce = 32;
    private const int Looks = 20;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    // Microseconds to a minute, to three digits.
    private readonly LongConcurrentHistogram _roundTrips = new(1, 60_000_000, 3);
    private long _errors;
    private string? _firstError;

    internal async Task<int> RunAsync(IAnsiConsole console, CancellationToken cancellationToken)
    {
        await using ServerPool servers = new();
        ServerProcess server = await servers.GetAsync(peer);
        PeerConnection[] connections = await console
            .Progress()
            .StartAsync(progress =>
                ConnectAsync(server, progress.AddTask($"{clients} clients connect", maxValue: clients))
            );

        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task[] talking =
        [
            .. connections.Select((connection, i) => TalkAsync(connection, Interval * i / clients, end.Token)),
        ];
        List<(long Server, long Clients)> memory = await console
            .Progress()
            .StartAsync(progress =>
                LookAsync(server, progress.AddTask("a message a second", maxValue: Looks), cancellationToken)
            );
        await end.CancelAsync();
        await Task.WhenAll(talking);
        foreach (PeerConnection connection in connections)
            await connection.DisposeAsync();

        Show(console, memory);
        return _errors == 0 && !cancellationToken.IsCancellationRequested ? 0 : 1;
    }

    private async Task<PeerConnection[]> ConnectAsync(ServerProcess server, ProgressTask progress)
    {
        PeerConnection[] connections = new PeerConnection[clients];
        await Parallel.ForAsync(
            0,
            clients,
            new ParallelOptions { MaxDegreeOfParallelism = ConnectAtOnce },
            async (i, _) =>
            {
                connections[i] = await server.ConnectAsync();
                await connections[i].SendNumberAsync((long)Work.PingPong);
                await connections[i].ReceiveNumberAsync();
                progress.Increment(1);
            }
        );
        return connections;
    }

    private async Task TalkAsync(PeerConnection connection, TimeSpan start, CancellationToken end)
    {
        byte[] message = new byte[Scenarios.Sizes.Message];
        try
        {
            await Task.Delay(start, end);
            using PeriodicTimer timer = new(Interval);
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

    private void Show(IAnsiConsole console, List<(long Server, long Clients)> memory)
    {
        Table table = new()
        {
            Border = TableBorder.Rounded,
            Title = new TableTitle($"{peer}: {clients} clients, {time.TotalSeconds:0} s"),
        };
        table.AddColumn("what").AddColumn(new TableColumn("measured").RightAligned());
        table.AddRow("round trips", Text($"{_roundTrips.TotalCount:N0}"));
        table.AddRow(
            "errors",
            _firstError is null ? Text($"{_errors}") : Markup.Escape(Text($"{_errors} (the first: {_firstError})"))
        );
        foreach (double percentile in (double[])[50, 90, 99, 99.9, 100])
            table.AddRow(
                Text($"p{percentile}"),
                Text($"{_roundTrips.GetValueAtPercentile(percentile) / 1000.0:N2} ms")
            );
        table.AddRow("server's memory, first to last look", Mebibytes(memory.Select(look => look.Server)));
        table.AddRow("clients' memory, first to last look", Mebibytes(memory.Select(look => look.Clients)));
        console.Write(table);
    }

    private static string Mebibytes(IEnumerable<long> looks) =>
        string.Join(
            " ",
            looks.Where((_, i) => i % (Looks / 5) == 0 || i == Looks - 1).Select(look => Text($"{look / 1048576.0:N0}"))
        ) + " MiB";

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
