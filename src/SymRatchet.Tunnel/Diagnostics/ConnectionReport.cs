using Microsoft.Extensions.Logging;

namespace SymRatchet.Tunnel.Diagnostics;

/// <summary>
/// What is told of a connection when it ends: one log line, and the meters.
/// </summary>
internal sealed class ConnectionReport(ILogger logger, string role, string? tunnel)
{
    /// <summary>Counts a connection; each is reported once as ended.</summary>
    internal void Began() => TunnelMetrics.Began(role, tunnel);

    /// <summary>Reports an end.</summary>
    /// <param name="client">The client's id, or what stands for it.</param>
    /// <param name="target">Where the connection led.</param>
    /// <param name="connection">The connection.</param>
    /// <param name="relay">Its relay; null if none was begun.</param>
    /// <param name="failure">What failed; null if it ended in order.</param>
    internal void Ended(
        string client,
        string target,
        TunnelConnection connection,
        Relay? relay,
        ConnectionFailure? failure
    )
    {
        TimeSpan duration = connection.Duration;
        long sent = relay?.Sent ?? 0;
        long received = relay?.Received ?? 0;
        // On a server the plain connection is the target's, so the directions are the other way round.
        (long toServer, long toClient) = role == Server ? (received, sent) : (sent, received);
        TunnelMetrics.Ended(role, tunnel, failure?.Kind, toServer, toClient, duration);
        string end = failure is null ? "ended in order" : failure.Text;
        logger.ConnectionEnded(client, target, end, toServer, toClient, duration.TotalSeconds);
    }

    internal const string Server = "server";
    internal const string Client = "client";
}
