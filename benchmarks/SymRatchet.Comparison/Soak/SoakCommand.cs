using System.CommandLine;
using Spectre.Console;
using SymRatchet.Comparison.Peers;
using SymRatchet.Comparison.Running;

namespace SymRatchet.Comparison.Soak;

/// <summary>The command <c>soak</c>: many clients of one server that say something now and then, for minutes.</summary>
internal static class SoakCommand
{
    // As many addresses as there are, with the ports that each has.
    private const int MostClients = 4_000_000;

    // Each has a block of addresses.
    private const int MostProcesses = 100;

    internal static IEnumerable<Command> Create()
    {
        yield return CreateSoak();
        yield return CreatePart();
    }

    private static Command CreateSoak()
    {
        Option<int> clients = Numbers.Count("--clients", "How many stay connected.", 10_000, most: MostClients);
        Option<double> seconds = Numbers.Seconds("--seconds", "How long, once all are connected.", 300);
        Option<double> interval = Numbers.Seconds("--interval", "The time between the messages of a client.", 1);
        Option<int> processes = Numbers.Count(
            "--processes",
            "Over how many servers the clients are spread, each with a process of clients of its own, where one "
                + "process may not have so many files open.",
            1,
            most: MostProcesses
        );
        Option<FileInfo?> json = Numbers.Json();
        Option<string> peer = new("--peer")
        {
            Description = "The peer. Default: symratchet-aegis256.",
            HelpName = "NAME",
            DefaultValueFactory = _ => "symratchet-aegis256",
        };
        peer.AcceptOnlyFromAmong([
            .. PeerCatalogue.All.Where(known => known.Fits("idle-connection")).Select(known => known.Name),
        ]);
        Command command = new(
            "soak",
            "Many connected clients, each of which sends a message now and then and waits for it to come back. Fails "
                + "on any error."
        )
        {
            clients,
            seconds,
            interval,
            processes,
            peer,
            json,
        };
        command.SetAction(
            async (parsed, cancel) =>
            {
                int count = parsed.GetValue(clients);
                int spread = parsed.GetValue(processes);
                string name = parsed.GetRequiredValue(peer);
                var time = TimeSpan.FromSeconds(parsed.GetValue(seconds));
                var between = TimeSpan.FromSeconds(parsed.GetValue(interval));
                OpenFiles.Require(
                    (count + spread - 1) / spread,
                    $"soak --clients {count}",
                    ", or spread them over more --processes"
                );
                IReadOnlyList<SoakPart> parts =
                    spread > 1
                        ? await SoakProcesses.RunAllAsync(AnsiConsole.Console, name, count, spread, time, between)
                        :
                        [
                            await new SoakRun(name, count, time, between, LoopbackAddresses.For(count)).RunAsync(
                                AnsiConsole.Console,
                                () => Task.CompletedTask,
                                cancel
                            ),
                        ];
                var result = SoakResult.Of(name, between, time, parts);
                result.Show(AnsiConsole.Console);
                if (parsed.GetValue(json) is { } file)
                    await Report.WriteJsonAsync(file.FullName, result);
                return result.Errors == 0 && !cancel.IsCancellationRequested ? 0 : 1;
            }
        );
        return command;
    }

    private static Command CreatePart()
    {
        Argument<string> peer = new("PEER");
        Argument<int> part = new("PART");
        Argument<int> clients = new("CLIENTS");
        Argument<double> seconds = new("SECONDS");
        Argument<double> interval = new("INTERVAL");
        Command command = new(SoakProcesses.Role, "A process of a run; started by the program itself.")
        {
            peer,
            part,
            clients,
            seconds,
            interval,
        };
        command.Hidden = true;
        command.SetAction(
            (parsed, cancel) =>
                SoakProcesses.RunPartAsync(
                    parsed.GetRequiredValue(peer),
                    parsed.GetValue(part),
                    parsed.GetValue(clients),
                    TimeSpan.FromSeconds(parsed.GetValue(seconds)),
                    TimeSpan.FromSeconds(parsed.GetValue(interval)),
                    cancel
                )
        );
        return command;
    }
}
