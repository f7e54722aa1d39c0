using System.CommandLine;
using System.CommandLine.Parsing;
using System.Net.Sockets;
using Spectre.Console;
using SymRatchet.Comparison.Peers;
using SymRatchet.Comparison.Plots;
using SymRatchet.Comparison.Running;
using SymRatchet.Comparison.Scenarios;
using SymRatchet.Comparison.Soak;
using SymRatchet.Comparison.Storm;

namespace SymRatchet.Comparison;

/// <summary>The command line.</summary>
internal static class PeersCommand
{
    internal const string ServerRole = "serve";

    private const int Failure = 1;
    private const int Usage = 2;

    // Programs that poll all their connections for each event take minutes for more.
    private const int MostIdleTunnels = 1000;

    // Where there is no window to fit into, tables are not folded.
    private const int WidthOfFiles = 160;

    private static readonly string[] ScenarioNames =
    [
        "seal-64",
        "seal-1024",
        "seal-16384",
        "seal-65536",
        "stream-64KiB",
        "messages-64B",
        "pingpong-64B",
        "connect",
        "allocated-64B",
        "idle-connection",
        "tunnel-64KiB",
        "tunnel-messages-64B",
        "tunnel-pingpong",
        "tunnel-connect",
        "tunnel-idle",
        "http-get",
        "http-connect",
        "http-1GiB",
    ];

    /// <summary>Runs a command line.</summary>
    /// <returns>The exit code: 2 where it asks for what there is not, 1 where a run failed.</returns>
    internal static async Task<int> RunAsync(string[] args)
    {
        ParseResult parsed = Create().Parse(args);
        if (parsed.Errors is [ParseError first, ..])
            return Fail($"{first.Message} (try --help)", Usage);
        if (Console.IsOutputRedirected)
            AnsiConsole.Console.Profile.Width = WidthOfFiles;
        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
        }
        catch (UsageException e)
        {
            return Fail(e.Message, Usage);
        }
        catch (Exception e) when (e is IOException or SocketException or UnauthorizedAccessException)
        {
            return Fail(e.Message, Failure);
        }
    }

    private static int Fail(string message, int exitCode)
    {
        Console.Error.WriteLine(message.ReplaceLineEndings(" "));
        return exitCode;
    }

    private static RootCommand Create()
    {
        Option<FileInfo?> json = Numbers.Json();
        Option<double> seconds = Numbers.Seconds("--seconds", "How long each peer is measured in each scenario.", 3);
        Option<string[]> only = Names("--only", "The scenarios to run. Default: all.", "SCENARIO,...", ScenarioNames);
        Option<string[]> peers = Names(
            "--peers",
            "The peers to measure. Default: all.",
            "NAME,...",
            [.. PeerCatalogue.All.Select(peer => peer.Name), SealScenario.FixedKey]
        );
        Option<int> idle = Numbers.Count(
            "--idle",
            "How many connections idle-connection opens, and, up to 1000, tunnel-idle.",
            5000
        );
        Option<bool> quick = new("--quick")
        {
            Description =
                "For a first look: 0.3 seconds for each, 500 idle connections, and of the tunnels only those that are "
                + "named with --only.",
        };
        RootCommand command = new(
            "SymRatchet beside other ways to protect a connection: whole programs over the loopback, side by side in "
                + "one run."
        )
        {
            json,
            seconds,
            only,
            peers,
            idle,
            quick,
        };
        command.SetAction(
            async (parsed, _) =>
            {
                foreach (Peer missing in PeerCatalogue.All.Where(peer => peer.Missing is not null))
                    AnsiConsole.Console.MarkupLineInterpolated(
                        $"[grey]left out: {missing.Name}, since {missing.Missing!}[/]"
                    );
                await using ServerPool servers = new();
                HashSet<string> chosen = [.. Scenarios(parsed.GetValue(only))];
                Scenario[] scenarios =
                [
                    .. All(servers, Choose(idle, 500)).Where(scenario => chosen.Contains(scenario.Name)),
                ];
                HashSet<string>? measured = parsed.GetValue(peers) is { Length: > 0 } some ? [.. some] : null;
                List<ScenarioResult> results = await new ComparisonRun(
                    scenarios,
                    measured,
                    TimeSpan.FromSeconds(Choose(seconds, 0.3))
                ).RunAsync(AnsiConsole.Console);
                foreach (ScenarioResult result in results)
                    Report.Show(AnsiConsole.Console, result);
                if (parsed.GetValue(json) is { } file)
                    await Report.WriteAsync(file.FullName, results);

                IEnumerable<string> Scenarios(string[]? named) =>
                    named is { Length: > 0 } ? named
                    : parsed.GetValue(quick)
                        ? ScenarioNames.Where(name => !name.StartsWith("tunnel-", StringComparison.Ordinal))
                    : ScenarioNames;

                // What is said beside --quick stands.
                T Choose<T>(Option<T> option, T hasty) =>
                    parsed.GetValue(quick) && parsed.GetResult(option) is null or { Implicit: true }
                        ? hasty
                        : parsed.GetValue(option)!;
            }
        );

        Argument<string> peer = new("PEER");
        Command serve = new(ServerRole, "The server's process of a run; started by the program itself.") { peer };
        serve.Hidden = true;
        serve.SetAction((parsed, _) => PeerServer.RunAsync(PeerCatalogue.Find(parsed.GetRequiredValue(peer))));
        command.Subcommands.Add(serve);
        foreach (Command many in (IEnumerable<Command>)[.. SoakCommand.Create(), .. StormCommand.Create()])
            command.Subcommands.Add(many);
        command.Subcommands.Add(PlotCommand.Create());
        return command;
    }

    private static Scenario[] All(ServerPool servers, int idle) =>
        [
            new SealScenario(64),
            new SealScenario(1024),
            new SealScenario(16384),
            new SealScenario(65536),
            new StreamScenario(servers),
            new MessagesScenario(servers, allocations: false),
            new PingPongScenario(servers),
            new ConnectScenario(servers),
            new MessagesScenario(servers, allocations: true),
            new IdleScenario(servers, idle),
            new StreamScenario(servers, "tunnel-64KiB"),
            new MessagesScenario(servers, allocations: false, "tunnel-messages-64B"),
            new PingPongScenario(servers, "tunnel-pingpong"),
            new ConnectScenario(servers, "tunnel-connect", closes: true),
            new TunnelIdleScenario(Math.Min(idle, MostIdleTunnels)),
            new HttpScenario(servers, newConnections: false),
            new HttpScenario(servers, newConnections: true),
            new DownloadScenario(servers),
        ];

    private static Option<string[]> Names(string name, string description, string form, string[] known)
    {
        Option<string[]> option = new(name)
        {
            Description = $"{description} There are {string.Join(", ", known)}.",
            HelpName = form,
        };
        option.CustomParser = result =>
        {
            string[] names =
            [
                .. result.Tokens.SelectMany(token => token.Value.Split(',', StringSplitOptions.RemoveEmptyEntries)),
            ];
            foreach (string unknown in names.Except(known))
                result.AddError($"{name}: there is no '{unknown}'; there are {string.Join(", ", known)}.");
            return names;
        };
        return option;
    }
}
