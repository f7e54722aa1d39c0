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

    internal static Command Create()
    {
        Option<int> clients = Numbers.Count("--clients", "How many stay connected.", 10_000, most: MostClients);
        Option<double> seconds = Numbers.Seconds("--seconds", "How long, once all are connected.", 300);
        Option<double> interval = Numbers.Seconds("--interval", "The time between the messages of a client.", 1);
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
            peer,
            json,
        };
        command.SetAction(
            (parsed, cancel) =>
            {
                int count = parsed.GetValue(clients);
                OpenFiles.Require(count, $"soak --clients {count}");
                return new SoakRun(
                    parsed.GetRequiredValue(peer),
                    count,
                    TimeSpan.FromSeconds(parsed.GetValue(seconds)),
                    TimeSpan.FromSeconds(parsed.GetValue(interval))
                ).RunAsync(AnsiConsole.Console, parsed.GetValue(json)?.FullName, cancel);
            }
        );
        return command;
    }
}
