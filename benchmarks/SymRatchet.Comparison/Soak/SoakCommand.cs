using System.CommandLine;
using Spectre.Console;
using SymRatchet.Comparison.Peers;

namespace SymRatchet.Comparison.Soak;

/// <summary>The command <c>soak</c>: many clients of one server, each with a message a second, for minutes.</summary>
internal static class SoakCommand
{
    internal static Command Create()
    {
        Option<int> clients = new("--clients")
        {
            Description = "How many stay connected. Default: 10000.",
            HelpName = "N",
            DefaultValueFactory = _ => 10_000,
        };
        Option<int> seconds = new("--seconds")
        {
            Description = "How long, once all are connected. Default: 300.",
            HelpName = "S",
            DefaultValueFactory = _ => 300,
        };
        Option<string> peer = new("--peer")
        {
            Description = "The peer. Default: symratchet-aegis256.",
            HelpName = "NAME",
            DefaultValueFactory = _ => "symratchet-aegis256",
        };
        peer.AcceptOnlyFromAmong([.. PeerCatalogue.All.Select(known => known.Name)]);
        Command command = new(
            "soak",
            "Many connected clients, each of which sends a message a second and waits for it to come back. Fails on "
                + "any error."
        )
        {
            clients,
            seconds,
            peer,
        };
        command.SetAction(
            (parsed, cancel) =>
                new SoakRun(
                    parsed.GetRequiredValue(peer),
                    parsed.GetValue(clients),
                    TimeSpan.FromSeconds(parsed.GetValue(seconds))
                ).RunAsync(AnsiConsole.Console, cancel)
        );
        return command;
    }
}
