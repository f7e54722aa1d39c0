using Microsoft.Extensions.Logging;
using SymRatchet.Diagnostics;

namespace SymRatchet.Tunnel.Diagnostics;

/// <summary>The log messages of the package. None contains a key or what the applications send.</summary>
internal static partial class TunnelLog
{
    /// <summary>Creates the log; it may throw, and ends no connection by that.</summary>
    internal static ILogger Create(ILoggerFactory factory) =>
        new GuardedLogger(factory.CreateLogger("SymRatchet.Tunnel"));

    [LoggerMessage(
        EventId = 501,
        Level = LogLevel.Information,
        Message = "Connection of {Client} to {Target} {End}; {Sent} bytes to the server, {Received} bytes back, in "
            + "{Seconds:0.000} s."
    )]
    internal static partial void ConnectionEnded(
        this ILogger logger,
        string client,
        string target,
        string end,
        long sent,
        long received,
        double seconds
    );

    [LoggerMessage(EventId = 502, Level = LogLevel.Information, Message = "Tunnel {Tunnel} listens on {Listen}.")]
    internal static partial void Listens(this ILogger logger, string tunnel, string listen);

    [LoggerMessage(
        EventId = 503,
        Level = LogLevel.Warning,
        Message = "Tunnel {Tunnel} could not accept a connection, and continues."
    )]
    internal static partial void AcceptFailed(this ILogger logger, string tunnel, Exception exception);

    [LoggerMessage(
        EventId = 504,
        Level = LogLevel.Information,
        Message = "Tunnel {Tunnel} stops; it waits up to {Seconds:0.#} s for {Connections} connections."
    )]
    internal static partial void Stops(this ILogger logger, string tunnel, double seconds, int connections);

    [LoggerMessage(
        EventId = 505,
        Level = LogLevel.Information,
        Message = "Tunnel {Tunnel} has stopped; {Connections} connections were reset."
    )]
    internal static partial void Stopped(this ILogger logger, string tunnel, int connections);

    [LoggerMessage(EventId = 506, Level = LogLevel.Information, Message = "Tunnel {Tunnel} has new options.")]
    internal static partial void Reloaded(this ILogger logger, string tunnel);

    [LoggerMessage(
        EventId = 507,
        Level = LogLevel.Debug,
        Message = "Connecting to {Server} is tried again in {Seconds:0.00} s: {Reason}"
    )]
    internal static partial void Retries(this ILogger logger, string server, double seconds, string reason);

    [LoggerMessage(
        EventId = 508,
        Level = LogLevel.Error,
        Message = "Tunnel {Tunnel} lost a connection to an error of its own."
    )]
    internal static partial void Failed(this ILogger logger, string tunnel, Exception exception);

    [LoggerMessage(
        EventId = 509,
        Level = LogLevel.Warning,
        Message = "The channel of {Client} carries no connections: {Reason}"
    )]
    internal static partial void NoLink(this ILogger logger, string client, string reason);

    [LoggerMessage(
        EventId = 510,
        Level = LogLevel.Information,
        Message = "Client {Client} is connected, and {Listen} leads to it."
    )]
    internal static partial void ReverseBegan(this ILogger logger, string client, string listen);

    [LoggerMessage(
        EventId = 511,
        Level = LogLevel.Information,
        Message = "Client {Client} is no longer connected, and {Listen} is closed."
    )]
    internal static partial void ReverseEnded(this ILogger logger, string client, string listen);

    [LoggerMessage(
        EventId = 512,
        Level = LogLevel.Warning,
        Message = "Client {Client} was refused, or its end point cannot be listened on: {Reason}"
    )]
    internal static partial void ReverseRefused(this ILogger logger, string client, string reason);

    [LoggerMessage(
        EventId = 513,
        Level = LogLevel.Warning,
        Message = "The tunnel has no channel to {Server} and tries again in {Seconds:0.0} s: {Reason}"
    )]
    internal static partial void ReverseRetries(this ILogger logger, string server, double seconds, string reason);
}
