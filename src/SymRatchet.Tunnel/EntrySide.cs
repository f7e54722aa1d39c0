using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using SymRatchet.Tunnel.Diagnostics;
using SymRatchet.Tunnel.Ends;
using SymRatchet.Tunnel.Routing;

namespace SymRatchet.Tunnel;

/// <summary>
/// The side where applications connect: carries each plain connection over a secured one that it asks for.
/// </summary>
internal sealed class EntrySide(
    ConnectionSet connections,
    ConnectionLimiter limiter,
    ConnectionReport report,
    ILogger logger
)
{
    /// <summary>Carries one connection until its end.</summary>
    /// <param name="socket">The connection of the application.</param>
    /// <param name="entry">The tunnel's options at this moment.</param>
    /// <param name="connect">Returns the secured connection, or throws an <see cref="IOException"/>.</param>
    internal async Task ServeAsync(
        Socket socket,
        Entry entry,
        Func<CancellationToken, ValueTask<SecuredConnection>> connect
    )
    {
        TunnelConnection connection = new(entry.Time);
        connection.Watch(socket);
        report.Began();
        connections.Add(connection);
        await Task.Yield();
        string client = entry.Client is { } known ? NameOf(known, entry) : "this client";
        Relay? relay = null;
        ConnectionFailure? failure = null;
        bool isCounted = false;
        try
        {
            if (limiter.TryEnter(entry.Client, entry.MaxConnections, entry.MaxConnectionsPerId) is { } limit)
            {
                failure = ConnectionFailure.Limit(limit);
                return;
            }

            isCounted = true;
            (SecuredConnection? found, failure) = await ConnectAsync(entry, connection, connect).ConfigureAwait(false);
            if (found is not { } secured)
                return;
            connection.Watch(secured.Transport);
            client = NameOf(secured.Client, entry);
            failure = ConnectionFailure.Of(
                await connection
                    .RelayAsync(SocketEnd.Of(socket), secured.End, started => relay = started)
                    .ConfigureAwait(false),
                "application"
            );
        }
        catch (Exception e)
        {
            failure = ConnectionFailure.Stopped(e.Message);
            logger.Failed(entry.Tunnel, e);
        }
        finally
        {
            if (failure is not null)
                PlainSocket.Reset(socket);
            if (isCounted)
                limiter.Leave(entry.Client);
            report.Ended(client, entry.Far, connection, relay, failure);
            connections.Remove(connection);
        }
    }

    private static string NameOf(ClientId client, Entry entry) => entry.HashIds ? client.ToHash() : client.ToString();

    private static async Task<(SecuredConnection?, ConnectionFailure?)> ConnectAsync(
        Entry entry,
        TunnelConnection connection,
        Func<CancellationToken, ValueTask<SecuredConnection>> connect
    )
    {
        using CancellationTokenSource limit = new(entry.Timeout, entry.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, connection.Ending);
        try
        {
            return (await connect(either.Token).ConfigureAwait(false), null);
        }
        catch (IOException e)
        {
            return (null, ConnectionFailure.Connect(e.Message));
        }
        catch (OperationCanceledException)
        {
            return (
                null,
                connection.Reason is { } reason
                    ? ConnectionFailure.Stopped(reason)
                    : ConnectionFailure.Connect($"none within {entry.Timeout.TotalSeconds:0.#} s")
            );
        }
    }

    /// <summary>What one connection needs of a tunnel's options.</summary>
    /// <param name="Tunnel">The tunnel's name, for the log.</param>
    /// <param name="Far">Where the secured connection leads, for the log.</param>
    /// <param name="Client">The client that limits are counted for; null if there is one only.</param>
    /// <param name="MaxConnections">The limit in all.</param>
    /// <param name="MaxConnectionsPerId">The limit of one client.</param>
    /// <param name="Timeout">How long the secured connection may take.</param>
    /// <param name="HashIds">Whether logs have hashes in place of ids.</param>
    /// <param name="Time">The clock.</param>
    internal sealed record Entry(
        string Tunnel,
        string Far,
        ClientId? Client,
        int MaxConnections,
        int MaxConnectionsPerId,
        TimeSpan Timeout,
        bool HashIds,
        TimeProvider Time
    );
}
