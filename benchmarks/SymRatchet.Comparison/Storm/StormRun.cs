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
internal sealed class StormRun(StormPlan plan)
{
    internal const string HowMany = "how many";

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    private readonly string _folder = Path.Combine(plan.Folder, $"symratchet-storm-{Guid.NewGuid():n}");
    private readonly string _schema = $"storm_{Guid.NewGuid():n}";
    private readonly List<ChildProcess> _clients = [];
    private ChildProcess? _strangers;
    private ChildProcess? _server;

    /// <summary>A client has a socket and a key file open; more than so many of them take another process.</summary>
    internal static int ClientsPerProcess => 5_000;

    private string Place => plan.Store == StormStore.Postgres ? _schema : Path.Combine(_folder, "server.keys");

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
            return result.Back == plan.Clients && result.Over == 0 ? 0 : 1;
        }
        finally
        {
            foreach (ChildProcess process in (IEnumerable<ChildProcess>)[.. _clients, .. Others()])
                await process.DisposeAsync();
            Directory.Delete(_folder, recursive: true);
            if (plan.Store == StormStore.Postgres)
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
        ProgressTask preparing = progress.AddTask($"{plan.Clients} identities, connected", maxValue: 3);
        (int port, _) = await StartServerAsync(port: 0);
        preparing.Increment(1);
        for (int first = 0; first < plan.Clients; first += ClientsPerProcess)
            _clients.Add(
                ChildProcess.StartForFleet(
                    StormClients.Role,
                    Number(first),
                    Number(Math.Min(ClientsPerProcess, plan.Clients - first)),
                    Number(port),
                    plan.Store == StormStore.Memory ? "" : _folder,
                    Number(plan.Addresses),
                    Number((long)plan.FirstDelay.TotalMilliseconds),
                    Number((long)plan.LongestDelay.TotalMilliseconds)
                )
            );
        await Task.WhenAll(_clients.Select(process => process.ReadAsync()));
        preparing.Increment(1);
        await BeginStrangersAsync(port, cancellationToken);
        preparing.Increment(1);

        ProgressTask waiting = progress.AddTask("they come back", maxValue: plan.Clients);
        await _server!.KillAsync();
        await _server.DisposeAsync();
        long killed = Stopwatch.GetTimestamp();
        await Task.Delay(plan.Down, cancellationToken);
        (_, long listens) = await StartServerAsync(port);
        await Task.WhenAll(_clients.Select(process => process.WriteAsync(Number(listens))));
        int back = 0,
            over = 0;
        while (back + over < plan.Clients && Stopwatch.GetElapsedTime(listens) < plan.Limit)
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
            plan,
            Stopwatch.GetElapsedTime(killed, listens).TotalSeconds,
            results,
            serverCpu,
            strangersOpened: strange[1]
        );
    }

    private async Task<(int Port, long Listens)> StartServerAsync(int port)
    {
        _server = ChildProcess.StartForFleet(StormServer.Role, plan.Store, Place, Number(plan.Clients), Number(port));
        string[] said = (await _server.ReadAsync()).Split(' ');
        return (int.Parse(said[0], CultureInfo.InvariantCulture), long.Parse(said[1], CultureInfo.InvariantCulture));
    }

    private async Task BeginStrangersAsync(int port, CancellationToken cancellationToken)
    {
        if (plan.Strangers == 0)
            return;
        _strangers = ChildProcess.StartForFleet(StormStrangers.Role, Number(plan.Strangers), Number(port));

        // Those that the server drops are never all there; then as many as have come once.
        while (Numbers(await _strangers.AskAsync(HowMany))[1] < plan.Strangers)
            await Task.Delay(Look, cancellationToken);
    }

    private static int[] Numbers(string line) =>
        [.. line.Split(' ').Select(part => int.Parse(part, CultureInfo.InvariantCulture))];

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
