using System.CommandLine;
using System.Globalization;
using SymRatchet.Tool.Channels;
using SymRatchet.Tunnel;

namespace SymRatchet.Tool.Doctor;

/// <summary>Whether a server is reached, accepts the key and answers.</summary>
internal static class ConnectChecks
{
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(3);

    internal static async Task<IReadOnlyList<Check>> RunAsync(
        ParseResult parsed,
        ClientArguments client,
        TunnelEndPoint to,
        CancellationToken cancellationToken
    )
    {
        string name = $"server {to}";
        try
        {
            await using ConnectedChannel connected = await client.ConnectAsync(parsed, to, cancellationToken);
            string found = string.Create(
                CultureInfo.InvariantCulture,
                $"connected in {connected.Connecting.TotalMilliseconds:0.0} ms, handshake in "
                    + $"{connected.Handshake.TotalMilliseconds:0.0} ms as {connected.Channel.Peer.ClientId}: "
                    + $"{connected.Channel.Peer.Suite}, epoch {connected.Channel.Peer.Epoch}"
            );
            Ping.PingRun ping = new(connected.Channel, TimeSpan.FromSeconds(1), AnswerLimit, _ => { });
            await ping.RunAsync(1, cancellationToken);
            return
            [
                Check.Ok(name, found),
                ping.RoundTrips is [{ } time]
                    ? Check.Ok(name, string.Create(CultureInfo.InvariantCulture, $"round trip {time:0.0} ms"))
                    : Check.Warn(
                        name,
                        $"no answer to a ping{(ping.EndedBy is null ? "" : $": {ping.EndedBy}")}",
                        "the server's program does not receive, or has ended the session: look at its log"
                    ),
            ];
        }
        catch (Exception e) when (e is ToolException or IOException)
        {
            return [Check.Fail(name, e.Message, AdviceFor(e))];
        }
    }

    private static string AdviceFor(Exception failure) =>
        failure.InnerException is not SecureChannelException channel
            ? failure is KeyStoreException
                ? KeyChecks.AdviceFor(failure.Message)
                : "is the server running, the address right, and its port open in every firewall on the way?"
            : channel.Error switch
            {
                SecureChannelError.Refused =>
                    "the server's log says why (event 2): an unknown or revoked id, another key or server name",
                SecureChannelError.Authentication =>
                    "the program that answered does not have this key: a wrong address, or an impostor",
                SecureChannelError.Timeout =>
                    "the server accepts connections but does not answer: is it a SymRatchet server, or overloaded?",
                SecureChannelError.Malformed => "the program that answered speaks something else: a wrong port?",
                _ => $"see {channel.Error} in docs/troubleshooting.md, and the server's log",
            };
}
