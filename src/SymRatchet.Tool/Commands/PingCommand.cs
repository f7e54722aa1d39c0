using System.CommandLine;
using System.Globalization;
using SymRatchet.Tool.Channels;
using SymRatchet.Tool.Keys;
using SymRatchet.Tool.Ping;
using SymRatchet.Tunnel;

namespace SymRatchet.Tool.Commands;

/// <summary><c>symratchet ping</c>: whether a server answers, how fast, and by which suite and epoch.</summary>
internal static class PingCommand
{
    internal static Command Create(ToolConsole console)
    {
        Argument<TunnelEndPoint> address = EndPointArguments.Required(
            "The server: HOST:PORT, [IPV6]:PORT or unix:PATH."
        );
        Option<int?> count = ToolOptions.Count(
            "--count",
            "How many pings to send. Default: until it is interrupted.",
            least: 1,
            most: int.MaxValue
        );
        Option<double> interval = ToolOptions.Seconds(
            "--interval",
            "The time from one ping to the next.",
            defaultValue: 1,
            least: 0.001
        );
        Option<double> wait = ToolOptions.Seconds(
            "--wait",
            "How long to wait for each answer.",
            defaultValue: 5,
            least: 0.001
        );
        Option<bool> json = KeyArguments.Json();
        ClientArguments client = new();
        Command command = new(
            "ping",
            """
            Makes a handshake with a server, and measures the round-trip time over the channel. It answers while its
            program receives. Times are in milliseconds. The exit code is 0 if there was an answer.

            Examples:
              symratchet ping server.example:9999 --key sensor-17.credential
              symratchet ping server.example:9999 --key sensor-17.credential --count 5 --interval 0.2
              symratchet ping unix:/run/server.sock --key sensor-17.credential --count 1 --json
            """
        )
        {
            address,
            count,
            interval,
            wait,
            json,
        };
        client.AddTo(command);
        command.SetAction(
            async (parsed, cancellationToken) =>
            {
                TunnelEndPoint to = parsed.GetRequiredValue(address);
                bool asJson = parsed.GetValue(json);
                await using ConnectedChannel connected = await client.ConnectAsync(parsed, to, cancellationToken);
                ChannelPeer peer = connected.Channel.Peer;
                string? remote = connected.Remote;
                if (!asJson)
                    ShowStart(console, to, connected);
                PingRun run = new(
                    connected.Channel,
                    TimeSpan.FromSeconds(parsed.GetValue(interval)),
                    TimeSpan.FromSeconds(parsed.GetValue(wait)),
                    asJson ? _ => { } : console.Out.WriteLine
                );
                await run.RunAsync(parsed.GetValue(count) ?? int.MaxValue, cancellationToken);
                var report = PingReport.Of(
                    to.ToString(),
                    remote,
                    peer,
                    connected.Connecting,
                    connected.Handshake,
                    run.RoundTrips,
                    run.EndedBy
                );
                if (asJson)
                    console.ShowJson(report, ToolJson.Default.PingReport);
                else
                    report.ToLines().ToList().ForEach(console.Out.WriteLine);
                if (run.EndedBy is not null)
                    console.Fail($"the channel ended: {run.EndedBy}");
                else if (report.Answered == 0)
                    console.Fail("no answer");
                return report.Answered > 0 && run.EndedBy is null ? ExitCode.Success : ExitCode.Failure;
            }
        );
        return command;
    }

    private static void ShowStart(ToolConsole console, TunnelEndPoint to, ConnectedChannel connected)
    {
        ChannelPeer peer = connected.Channel.Peer;
        console.Out.WriteLine(
            connected.Remote is { } remote && remote != to.ToString()
                ? $"PING {to} ({remote}) as {peer.ClientId}"
                : $"PING {to} as {peer.ClientId}"
        );
        console.Out.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"connected in {connected.Connecting.TotalMilliseconds:0.000} ms, handshake in "
                    + $"{connected.Handshake.TotalMilliseconds:0.000} ms: {peer.Suite}, epoch {peer.Epoch}"
            )
        );
    }
}
