using System.CommandLine;
using System.Net;
using Spectre.Console;
using SymRatchet.Tool.Bench;
using SymRatchet.Tool.Channels;
using SymRatchet.Tool.Keys;
using SymRatchet.Tunnel;

namespace SymRatchet.Tool.Commands;

/// <summary><c>symratchet bench</c>: the throughput to a server of its own kind, or of this machine alone.</summary>
internal sealed class BenchCommand
{
    private const int DefaultSize = 64 * 1024;
    private const double DefaultSeconds = 5;
    private const double DefaultLocalSeconds = 1;

    private static readonly TimeSpan Refresh = TimeSpan.FromMilliseconds(100);

    private readonly ToolConsole _console;
    private readonly ClientArguments _client = new(isKeyRequired: false);
    private readonly StoreArguments _store = new(hasRole: false);
    private readonly Argument<TunnelEndPoint?> _address = EndPointArguments.Optional(
        "The server, another 'symratchet bench --serve': HOST:PORT, [IPV6]:PORT or unix:PATH."
    );
    private readonly Option<TunnelEndPoint?> _serve = EndPointArguments.Option(
        "--serve",
        "Be the server, and listen here; port 0 is any free one. Its keys are --store, or --key for one client.",
        listens: true
    );
    private readonly Option<bool> _local = new("--local")
    {
        Description = "Measure what this machine can do: handshakes, sealing, and a loopback connection.",
    };
    private readonly Option<double?> _seconds = ToolOptions.OptionalSeconds(
        "--seconds",
        $"How long each test takes. Default: {DefaultSeconds}, with --local {DefaultLocalSeconds}.",
        least: 0.05
    );
    private readonly Option<int?> _size = ToolOptions.Count(
        "--size",
        $"The size of a message in bytes. Default: {DefaultSize}.",
        least: 1,
        most: 1_000_000
    );
    private readonly Option<BenchTest[]> _tests = ToolOptions.Several<BenchTest>(
        "--test",
        "What to measure; may be repeated. Default: Upload and Download."
    );
    private readonly Option<CipherSuiteId[]> _suites = ToolOptions.Several<CipherSuiteId>(
        "--suite",
        "A suite to use; may be repeated. Default: the one that both sides prefer; with --local, all."
    );
    private readonly Option<bool> _json = KeyArguments.Json();

    private BenchCommand(ToolConsole console) => _console = console;

    internal static Command Create(ToolConsole console) => new BenchCommand(console).Create();

    private Command Create()
    {
        Command command = new(
            "bench",
            """
            Measures how many bytes a second a channel carries, to a server and from it, as iperf3 does for TCP. Both
            sides are this command. --local needs no other side.

            Examples:
              symratchet bench --serve 0.0.0.0:5201 --store server.keys
              symratchet bench server.example:5201 --key sensor-17.credential
              symratchet bench server.example:5201 --key sensor-17.credential --test Simultaneous --seconds 30 --json
              symratchet bench --local
            """
        )
        {
            _address,
            _serve,
            _local,
            _seconds,
            _size,
            _tests,
            _suites,
            _json,
        };
        _client.AddTo(command);
        _store.AddTo(command);
        command.SetAction(RunAsync);
        return command;
    }

    private Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        TunnelEndPoint? to = parsed.GetValue(_address);
        TunnelEndPoint? serve = parsed.GetValue(_serve);
        bool local = parsed.GetValue(_local);
        return (to, serve, local) switch
        {
            ({ } server, null, false) => MeasureAsync(parsed, server, cancellationToken),
            (null, { } address, false) => ServeAsync(parsed, address, cancellationToken),
            (null, null, true) => MeasureLocallyAsync(parsed, cancellationToken),
            _ => throw new ToolException(
                "say what to measure: a server's ADDRESS, --serve ADDRESS to be one, or --local",
                ExitCode.Usage
            ),
        };
    }

    private async Task<int> MeasureAsync(ParseResult parsed, TunnelEndPoint to, CancellationToken cancellationToken)
    {
        bool asJson = parsed.GetValue(_json);
        var duration = TimeSpan.FromSeconds(parsed.GetValue(_seconds) ?? DefaultSeconds);
        int size = parsed.GetValue(_size) ?? DefaultSize;
        BenchTest[] tests = parsed.GetValue(_tests) is { Length: > 0 } chosen
            ? chosen
            : [BenchTest.Upload, BenchTest.Download];
        await using ConnectedChannel connected = await _client.ConnectAsync(
            parsed,
            to,
            cancellationToken,
            parsed.GetValue(_suites) ?? []
        );
        ChannelPeer peer = connected.Channel.Peer;
        if (!asJson)
            _console.Out.WriteLine($"{to} as {peer.ClientId}: {peer.Suite}, messages of {size} bytes");
        BenchClient client = new(connected.Channel, duration, size);
        List<BenchResult> results = [];
        foreach (BenchTest test in tests)
        {
            BenchResult result = await ShowAsync(
                test.ToString(),
                duration,
                meter => client.RunAsync(test, meter, cancellationToken)
            );
            results.Add(result);
            if (!asJson)
                result.ToLines().ToList().ForEach(_console.Out.WriteLine);
        }

        await connected.Channel.CloseAsync(cancellationToken);
        await connected.Channel.ReceiveMessageAsync(cancellationToken); // the server's close
        if (asJson)
            _console.ShowJson(
                new BenchReport(
                    to.ToString(),
                    peer.ClientId.ToString(),
                    peer.Suite.ToString(),
                    size,
                    connected.Connecting.TotalMilliseconds,
                    connected.Handshake.TotalMilliseconds,
                    results
                ),
                ToolJson.Default.BenchReport
            );
        return ExitCode.Success;
    }

    private async Task<int> MeasureLocallyAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var duration = TimeSpan.FromSeconds(parsed.GetValue(_seconds) ?? DefaultLocalSeconds);
        CipherSuiteId[] suites = parsed.GetValue(_suites) is { Length: > 0 } chosen
            ? chosen
            : [.. Enum.GetValues<CipherSuiteId>().Where(suite => suite != CipherSuiteId.None)];
        LocalBench bench = new(duration);
        List<LocalResult> results = [];
        if (LocalBench.IsSupported(suites[0])) // the first would pay for the compilation of all
            await new LocalBench(duration / 4).RunAsync(suites[0], cancellationToken);
        foreach (CipherSuiteId suite in suites)
        {
            if (LocalBench.IsSupported(suite))
                results.Add(
                    await ShowAsync(
                        suite.ToString(),
                        LocalBench.Measurements * duration,
                        _ => bench.RunAsync(suite, cancellationToken)
                    )
                );
            else
                _console.Remark($"{suite} is not supported by this machine");
        }

        if (parsed.GetValue(_json))
            _console.ShowJson(results, ToolJson.Default.IReadOnlyListLocalResult);
        else
            _console.ShowTable(LocalResult.Heading, [.. results.Select(result => result.ToRow())]);
        return results.Count > 0 ? ExitCode.Success : ExitCode.Failure;
    }

    private async Task<int> ServeAsync(ParseResult parsed, TunnelEndPoint at, CancellationToken cancellationToken)
    {
        (IKeyStore keys, IAsyncDisposable opened) = await OpenKeysAsync(parsed, cancellationToken);
        await using (opened)
        {
            EndPoint local = await at.ToLocalAsync(cancellationToken);
            await using var listener = SecureChannelListener.Listen(
                local,
                new SecureChannelServerOptions { Keys = keys }
            );
            _console.Out.WriteLine($"serving on {listener.LocalEndPoint}; end it with Ctrl-C");
            await listener.ServeAsync(new BenchServer(_console.Remark).ServeAsync, cancellationToken);
            return ExitCode.Success;
        }
    }

    private async Task<(IKeyStore Keys, IAsyncDisposable Opened)> OpenKeysAsync(
        ParseResult parsed,
        CancellationToken cancellationToken
    )
    {
        if (parsed.GetValue(_client.Key) is not { } file)
        {
            OpenedStore store = await _store.OpenAsync(parsed, cancellationToken);
            return (store.Directory, store);
        }

        KeyFile key = await KeyFile.OpenAsync(file, ChannelRole.Server, cancellationToken: cancellationToken);
        return (key, key);
    }

    /// <summary>Shows a bar while something is measured, if somebody watches.</summary>
    private async Task<T> ShowAsync<T>(string what, TimeSpan duration, Func<BenchMeter, Task<T>> measure)
    {
        BenchMeter meter = new();
        if (_console.CreateTerminal is null)
            return await measure(meter);
        T? result = default;
        await _console
            .CreateTerminal()
            .Progress()
            .AutoClear(true)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new RemainingTimeColumn())
            .StartAsync(async shown =>
            {
                ProgressTask task = shown.AddTask(what, maxValue: duration.TotalSeconds);
                long started = TimeProvider.System.GetTimestamp();
                Task<T> measuring = measure(meter);
                while (await Task.WhenAny(measuring, Task.Delay(Refresh)) != measuring)
                {
                    task.Value = TimeProvider.System.GetElapsedTime(started).TotalSeconds;
                    if (meter.Bytes > 0)
                        task.Description = $"{what} {Rates.BytesPerSecond(meter.Bytes / task.Value)}";
                }

                result = await measuring;
            });
        return result!;
    }
}
