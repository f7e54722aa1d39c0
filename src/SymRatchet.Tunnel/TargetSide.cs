using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using SymRatchet.Tunnel.Diagnostics;
using SymRatchet.Tunnel.Ends;
using SymRatchet.Tunnel.Routing;

namespace SymRatchet.Tunnel;

/// <summary>The side of the targets: carries each secured connection over a plain one to its target.</summary>
internal sealed class TargetSide(
    ConnectionSet connections,
    ConnectionLimiter limiter,
    ConnectionReport report,
    ILogger logger
)
{
    /// <summary>Carries one connection of a client until its end, whichever way it came.</summary>
    /// <param name="secured">The channel, or a stream of a multiplexer.</param>
    /// <param name="client">The client's id.</param>
    /// <param name="transport">The socket whose peer is watched with this connection; null if there is none.</param>
    /// <param name="target">The tunnel's options at this moment.</param>
    internal async Task ServeAsync(RelayEnd secured, ClientId client, Socket? transport, Target target)
    {
        TunnelConnection connection = new(target.Time);
        connection.Watch(transport);
        string place = "no target";
        Relay? relay = null;
        ConnectionFailure? failure = null;
        report.Began();
        connections.Add(connection);
        bool isCounted = false;
        try
        {
            if (limiter.TryEnter(client, target.MaxConnections, target.MaxConnectionsPerId) is { } limit)
            {
                failure = ConnectionFailure.Limit(limit);
                return;
            }

            isCounted = true;
            if (target.Routes.Find(client, out string? refusal) is not { } found)
            {
                failure = ConnectionFailure.Route(refusal!);
                return;
            }

            place = found.ToString();
            (Socket? plain, failure) = await ConnectAsync(found, target, connection).ConfigureAwait(false);
            if (plain is null)
                return;
            connection.Watch(plain);
            failure = ConnectionFailure.Of(
                await connection
                    .RelayAsync(SocketEnd.Of(plain), secured, started => relay = started)
                    .ConfigureAwait(false),
                "target"
            );
        }
        catch (Exception e)
        {
            failure = ConnectionFailure.Stopped(e.Message);
            logger.Failed(target.Tunnel, e);
        }
        finally
        {
            if (failure is not null)
                secured.Abort();
            await secured.DisposeAsync().ConfigureAwait(false);
            if (isCounted)
                limiter.Leave(client);
            report.Ended(target.HashIds ? client.ToHash() : client.ToString(), place, connection, relay, failure);
            connections.Remove(connection);
        }
    }

    private static async Task<(Socket?, ConnectionFailure?)> ConnectAsync(
        TunnelEndPoint place,
        Target target,
        TunnelConnection connection
    )
    {
        using CancellationTokenSource limit = new(target.Timeout, target.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, connection.Ending);
        try
        {
            return (await PlainSocket.ConnectAsync(place, isPlain: true, either.Token).ConfigureAwait(false), null);
        }
        catch (SocketException e)
        {
            return (null, ConnectionFailure.Target(e.Message));
        }
        catch (OperationCanceledException)
        {
            return (
                null,
                connection.Reason is { } reason
                    ? ConnectionFailure.Stopped(reason)
                    : ConnectionFailure.Target($"not connected within {target.Timeout.TotalSeconds:0.#} s")
            );
        }
    }

    /// <summary>What one connection needs of a tunnel's options.</summary>
    /// <param name="Tunnel">The tunnel's name, for the log.</param>
    /// <param name="Routes">Which client goes where.</param>
    /// <param name="MaxConnections">The limit in all.</param>
    /// <param name="MaxConnectionsPerId">The limit of one client.</param>
    /// <param name="Timeout">How long connecting may take.</param>
    /// <param name="HashIds">Whether logs have hashes in place of ids.</param>
    /// <param name="Time">The clock.</param>
    internal sealed record Target(
        string Tunnel,
        RouteTable Routes,
        int MaxConnections,
        int MaxConnectionsPerId,
        TimeSpan Timeout,
        bool HashIds,
        TimeProvider Time
    );
}
