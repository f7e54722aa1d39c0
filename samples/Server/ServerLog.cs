using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace SymRatchet.Samples.Server;

/// <summary>The server's own log lines; handshakes, channels and rounds are logged by the libraries.</summary>
internal static partial class ServerLog
{
    [LoggerMessage(EventId = 201, Level = LogLevel.Information, Message = "Stopping: every session is ended in order.")]
    internal static partial void Stopping(this ILogger logger);

    [LoggerMessage(EventId = 202, Level = LogLevel.Warning, Message = "A connection could not be accepted: {Error}.")]
    internal static partial void AcceptFailed(this ILogger logger, SocketError error);

    [LoggerMessage(EventId = 203, Level = LogLevel.Error, Message = "The connection of {Remote} failed.")]
    internal static partial void ConnectionFailed(this ILogger logger, string remote, Exception exception);
}
