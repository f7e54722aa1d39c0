using System.CommandLine;
using Spectre.Console;
using SymRatchet.Comparison.Running;

namespace SymRatchet.Comparison.Storm;

/// <summary>
/// The command <c>storm</c>: a server is killed, starts again, and all its clients come back at once.
/// </summary>
internal static class StormCommand
{
    internal static IEnumerable<Command> Create()
    {
        yield return CreateStorm();
        yield return CreateServer();
        yield return CreateClients();
        yield return CreateStrangers();
    }

    private static Command CreateStorm()
    {
        Option<int> clients = Numbers.Count("--clients", "How many come back.", 10_000, most: 1_000_000);
        Option<int> strangers = Numbers.Count(
            "--strangers",
            "How many connections that say nothing are held open meanwhile, and opened again.",
            0,
            least: 0,
            most: 1_000_000
        );
        Option<int> addresses = Numbers.Count(
            "--addresses",
            "How many addresses the clients have; 1 as behind one NAT.",
            LoopbackAddresses.Most,
            most: LoopbackAddresses.Most
        );
        Option<double> down = Numbers.Seconds(
            "--down",
            "How long there is no server, beside the time in which it starts.",
            0,
            least: 0
        );
        ReconnectingClient usual = new(_ => throw new NotSupportedException());
        Option<double> firstDelay = Numbers.Seconds(
            "--first-delay",
            "The clients' FirstDelay: within how many seconds each tries again at first.",
            usual.FirstDelay.TotalSeconds
        );
        Option<double> longestDelay = Numbers.Seconds(
            "--longest-delay",
            "The clients' LongestDelay: within how many it tries again after many failures.",
            usual.LongestDelay.TotalSeconds
        );
        Option<double> limit = Numbers.Seconds("--limit", "How long the last one is waited for.", 60);
        Option<FileInfo?> json = Numbers.Json();
        Option<string> store = new("--store")
        {
            Description =
                "The server's store: memory, sqlite, or postgres in the database that SYMRATCHET_POSTGRES names. "
                + "Default: sqlite.",
            HelpName = "KIND",
            DefaultValueFactory = _ => StormStore.Sqlite,
        };
        store.AcceptOnlyFromAmong(StormStore.Memory, StormStore.Sqlite, StormStore.Postgres);
        Option<DirectoryInfo> folder = new("--folder")
        {
            Description =
                "Where the server's store and the clients' key files are made. A fleet has a disk for each client: "
                + "with /dev/shm they do not all wait for this machine's. Default: the folder for temporary files.",
            HelpName = "FOLDER",
            DefaultValueFactory = _ => new DirectoryInfo(Path.GetTempPath()),
        };
        folder.AcceptExistingOnly();
        Command command = new(
            "storm",
            "A server is killed and starts again, and all its clients come back at once. Fails where one does not."
        )
        {
            clients,
            store,
            strangers,
            addresses,
            down,
            firstDelay,
            longestDelay,
            limit,
            folder,
            json,
        };
        command.SetAction(
            (parsed, cancel) =>
            {
                int count = parsed.GetValue(clients);
                int silent = parsed.GetValue(strangers);
                string kind = parsed.GetRequiredValue(store);
                if (
                    kind == StormStore.Postgres
                    && Environment.GetEnvironmentVariable(StormStore.PostgresVariable) is null
                )
                    throw new UsageException(
                        $"storm --store postgres needs {StormStore.PostgresVariable}: a connection string of a "
                            + "database to which the run may write."
                    );
                OpenFiles.Require(
                    Math.Max(count + silent, 2 * Math.Min(count, StormRun.ClientsPerProcess)),
                    $"storm --clients {count} --strangers {silent}"
                );
                StormPlan plan = new(
                    kind,
                    count,
                    silent,
                    parsed.GetValue(addresses),
                    Seconds(down),
                    Seconds(firstDelay),
                    Seconds(longestDelay),
                    Seconds(limit),
                    parsed.GetRequiredValue(folder).FullName
                );
                if (plan.LongestDelay < plan.FirstDelay)
                    throw new UsageException("--longest-delay is less than --first-delay");
                return new StormRun(plan).RunAsync(AnsiConsole.Console, parsed.GetValue(json)?.FullName, cancel);

                TimeSpan Seconds(Option<double> option) => TimeSpan.FromSeconds(parsed.GetValue(option));
            }
        );
        return command;
    }

    private static Command CreateServer()
    {
        Argument<string> kind = new("KIND");
        Argument<string> place = new("PLACE");
        Argument<int> clients = new("CLIENTS");
        Argument<int> port = new("PORT");
        return Part(
            StormServer.Role,
            parsed =>
                StormServer.RunAsync(
                    parsed.GetRequiredValue(kind),
                    parsed.GetRequiredValue(place),
                    parsed.GetValue(clients),
                    parsed.GetValue(port)
                ),
            kind,
            place,
            clients,
            port
        );
    }

    private static Command CreateClients()
    {
        Argument<int> first = new("FIRST");
        Argument<int> count = new("COUNT");
        Argument<int> port = new("PORT");
        Argument<string> folder = new("FOLDER");
        Argument<int> addresses = new("ADDRESSES");
        Argument<int> firstDelay = new("FIRSTDELAY");
        Argument<int> longestDelay = new("LONGESTDELAY");
        return Part(
            StormClients.Role,
            parsed =>
                new StormClients(
                    parsed.GetValue(first),
                    parsed.GetValue(count),
                    parsed.GetValue(port),
                    parsed.GetRequiredValue(folder) is { Length: > 0 } named ? named : null,
                    parsed.GetValue(addresses),
                    TimeSpan.FromMilliseconds(parsed.GetValue(firstDelay)),
                    TimeSpan.FromMilliseconds(parsed.GetValue(longestDelay))
                ).RunAsync(),
            first,
            count,
            port,
            folder,
            addresses,
            firstDelay,
            longestDelay
        );
    }

    private static Command CreateStrangers()
    {
        Argument<int> count = new("COUNT");
        Argument<int> port = new("PORT");
        return Part(
            StormStrangers.Role,
            parsed => new StormStrangers(parsed.GetValue(count), parsed.GetValue(port)).RunAsync(),
            count,
            port
        );
    }

    private static Command Part(string name, Func<ParseResult, Task<int>> run, params Argument[] arguments)
    {
        Command command = new(name, "A process of a run; started by the program itself.") { Hidden = true };
        foreach (Argument argument in arguments)
            command.Arguments.Add(argument);
        command.SetAction((parsed, _) => run(parsed));
        return command;
    }
}
