using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Spectre.Console;
using SymRatchet.Comparison.Running;

namespace SymRatchet.Comparison.Storm;

/// <summary>
/// A server is killed under its clients and starts again: how long until the last of them has an answer, and what
/// happens on the way. Server, clients and strangers are processes of their own.
/// </summary>
/// <param name="store">The kind of the server's store.</param>
/// <param name="clients">How many come back.</param>
/// <param name="strangers">How many connections say nothing meanwhile.</param>
/// <param name="addresses">How many addresses the clients have.</param>
/// <param name="limit">How long the run waits for the last one.</param>
/// <param name="folder">Where the clients' key files are made.</param>
internal sealed class StormRun(string store, int clients, int strangers, int addresses, TimeSpan limit, string folder)
{
    internal const string HowMany = "how many";

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    private readonly string _folder = Path.Combine(folder, $"symratchet-storm-{Guid.NewGuid():n}");
    private readonly string _schema = $"storm_{Guid.NewGuid():n}";
    private readonly List<ChildProcess> _clients = [];
    private ChildProcess? _strangers;
    private ChildProcess? _server;

    /// <summary>A client has a socket and a key file open; more than so many of them take another process.</summary>
    internal static int ClientsPerProcess => 5_000;

    private string Place => store == StormStore.Postgres ? _schema : Path.Combine(_folder, "server.keys");

    internal async Task<int> RunAsync(IAnsiConsole console, string? json, CancellationToken cancellationToken)
    {
        CreateFolder();
        try
        {
            StormResult result = await console
                .Progress()
                .StartAsync(progress => MeasureAsync(progress, cancellationToken));
            result.Show(console);
            if (json is not null)
                await Report.WriteJsonAsync(json, result);
            return result.Back == clients && result.Over == 0 ? 0 : 1;
        }
        finally
        {
            foreach (ChildProcess process in (IEnumerable<ChildProcess>)[.. _clients, .. Others()])
                await process.DisposeAsync();
            Directory.Delete(_folder, recursive: true);
            if (store == StormStore.Postgres)
                await StormStore.DropAsync(Place);
        }
    }

    private IEnumerable<ChildProcess> Others() => ((ChildProcess?[])[_strangers, _server]).OfType<ChildProcess>();

    private void CreateFolder()
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(_folder);
        else
            Directory.CreateDirectory(
                _folder,
                UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
            );
    }

    private async Task<StormResult> MeasureAsync(ProgressContext progress, CancellationToken cancellationToken)
    {
        ProgressTask preparing = progress.AddTask($"{clients} identities, connected", maxValue: 3);
        (int port, _) = await StartServerAsync(port: 0);
        preparing.Increment(1);
        for (int first = 0; first < clients; first += ClientsPerProcess)
            _clients.Add(
                ChildProcess.StartForFleet(
                    StormClients.Role,
                    Number(first),
                    Number(Math.Min(ClientsPerProcess, clients - first)),
                    Number(port),
                    store == StormStore.Memory ? "" : _folder,
                    Number(addresses)
                )
            );
        await Task.WhenAll(_clients.Select(process => process.ReadAsync()));
        preparing.Increment(1);
        await BeginStrangersAsync(port, cancellationToken);
        preparing.Increment(1);

        ProgressTask waiting = progress.AddTask("they come back", maxValue: clients);
        await _server!.KillAsync();
        await _server.DisposeAsync();
        long killed = Stopwatch.GetTimestamp();
        (_, long listens) = await StartServerAsync(port);
        await Task.WhenAll(_clients.Select(process => process.WriteAsync(Number(listens))));
        int back = 0,
            over = 0;
        while (back + over < clients && Stopwatch.GetElapsedTime(listens) < limit)
        {
            await Task.Delay(Look, cancellationToken);
            string[] answers = await Task.WhenAll(_clients.Select(process => process.AskAsync(HowMany)));
            int[][] numbers = [.. answers.Select(Numbers)];
            back = numbers.Sum(both => both[0]);
            over = numbers.Sum(both => both[1]);
            waiting.Value = back;
        }

        double serverCpu = long.Parse(await _server!.AskAsync("cpu"), CultureInfo.InvariantCulture) / 1e6;
        int[] strange = _strangers is null ? [0, 0] : Numbers(await _strangers.AskAsync(HowMany));
        List<StormClientsResult> results = [];
        foreach (ChildProcess process in _clients)
        {
            process.End();
            results.Add(
                JsonSerializer.Deserialize<StormClientsResult>(await process.ReadAsync(), JsonSerializerOptions.Web)!
            );
        }

        return StormResult.Of(
            store,
            clients,
            strangers,
            addresses,
            Stopwatch.GetElapsedTime(killed, listens).TotalSeconds,
            results,
            serverCpu,
            strangersOpened: strange[1]
        );
    }

    private async Task<(int Port, long Listens)> StartServerAsync(int port)
    {
        _server = ChildProcess.StartForFleet(StormServer.Role, store, Place, Number(clients), Number(port));
        string[] said = (await _server.ReadAsync()).Split(' ');
        return (int.Parse(said[0], CultureInfo.InvariantCulture), long.Parse(said[1], CultureInfo.InvariantCulture));
    }

    private async Task BeginStrangersAsync(int port, CancellationToken cancellationToken)
    {
        if (strangers == 0)
            return;
        _strangers = ChildProcess.StartForFleet(StormStrangers.Role, Number(strangers), Number(port));

        // Those that the server drops are never all there; then as many as have come once.
        while (Numbers(await _strangers.AskAsync(HowMany))[1] < strangers)
            await Task.Delay(Look, cancellationToken);
    }

    private static int[] Numbers(string line) =>
        [.. line.Split(' ').Select(part => int.Parse(part, CultureInfo.InvariantCulture))];

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
