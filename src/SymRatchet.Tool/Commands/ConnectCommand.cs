using System.CommandLine;
using SymRatchet.Tool.Channels;
using SymRatchet.Tunnel;

namespace SymRatchet.Tool.Commands;

/// <summary><c>symratchet connect</c>: standard input and output as the two directions of a channel.</summary>
internal static class ConnectCommand
{
    internal static Command Create()
    {
        Argument<TunnelEndPoint> address = EndPointArguments.Required(
            "The server: HOST:PORT, [IPV6]:PORT or unix:PATH."
        );
        ClientArguments client = new();
        Command command = new(
            "connect",
            """
            Joins standard input and output to a channel. The end of standard input is passed on, and standard output
            ends where the server ends its direction. The exit code is 0 only if both ended in order: after any other,
            what was written may be incomplete.

            Examples:
              symratchet connect backup.example:9999 --key host.credential < dump.sql
              symratchet connect unix:/run/app.sock --key host.credential
              ssh -o ProxyCommand='symratchet connect %h:2222 --key ~/.ssh/host.credential' server.example
            """
        )
        {
            address,
        };
        client.AddTo(command);
        command.SetAction(
            async (parsed, cancellationToken) =>
            {
                TunnelEndPoint to = parsed.GetRequiredValue(address);
                await using ConnectedChannel connected = await client.ConnectAsync(parsed, to, cancellationToken);
                await StandardRelay.RunAsync(connected.Channel, cancellationToken);
            }
        );
        return command;
    }
}
