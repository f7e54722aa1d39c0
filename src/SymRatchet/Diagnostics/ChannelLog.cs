using Microsoft.Extensions.Logging;

namespace SymRatchet.Diagnostics;

/// <summary>The log messages of the library. None contains a key or a payload.</summary>
internal static partial class ChannelLog
{
    [LoggerMessage(
        EventId = 1,
        Level = LogLevel.Debug,
        Message = "Handshake as {Role} of {Client} done: {Protocol}, {Suite}, epoch {Epoch}, in {Milliseconds:0.0} ms."
    )]
    internal static partial void HandshakeDone(
        this ILogger logger,
        ChannelRole role,
        string client,
        ChannelProtocol protocol,
        CipherSuiteId suite,
        long epoch,
        double milliseconds
    );

    [LoggerMessage(
        EventId = 2,
        Level = LogLevel.Information,
        Message = "Handshake as {Role} of {Client} with {Remote} failed: {Error}: {Detail}"
    )]
    internal static partial void HandshakeFailed(
        this ILogger logger,
        ChannelRole role,
        string client,
        string remote,
        SecureChannelError error,
        string detail
    );

    [LoggerMessage(
        EventId = 3,
        Level = LogLevel.Information,
        Message = "Channel of {Client} failed: {Error}: {Detail}"
    )]
    internal static partial void ChannelFailed(
        this ILogger logger,
        string client,
        SecureChannelError error,
        string detail
    );

    [LoggerMessage(EventId = 4, Level = LogLevel.Debug, Message = "Channel of {Client} was closed by the peer.")]
    internal static partial void ClosedByPeer(this ILogger logger, string client);

    [LoggerMessage(
        EventId = 5,
        Level = LogLevel.Warning,
        Message = "Evicted {Evicted} pending handshakes since the last such line, at a limit; {Pending} are pending. "
            + "The newest is with {Remote}."
    )]
    internal static partial void TooManyHandshakes(this ILogger logger, int evicted, int pending, string remote);

    [LoggerMessage(
        EventId = 7,
        Level = LogLevel.Warning,
        Message = "Handshake as {Role} of {Client} with {Remote}: {Alarm}. A store was restored from a backup, or "
            + "the key has a second owner."
    )]
    internal static partial void Alarm(
        this ILogger logger,
        ChannelRole role,
        string client,
        string remote,
        string alarm
    );

    [LoggerMessage(
        EventId = 8,
        Level = LogLevel.Warning,
        Message = "{Client} was revoked; {Channels} of its channels were ended."
    )]
    internal static partial void Revoked(this ILogger logger, string client, int channels);

    [LoggerMessage(
        EventId = 9,
        Level = LogLevel.Error,
        Message = "Revocations could not be watched; retrying every second. A message follows when it works again."
    )]
    internal static partial void WatchFailed(this ILogger logger, Exception exception);

    [LoggerMessage(EventId = 11, Level = LogLevel.Information, Message = "Revocations are watched again.")]
    internal static partial void WatchRecovered(this ILogger logger);

    [LoggerMessage(
        EventId = 10,
        Level = LogLevel.Debug,
        Message = "Handshake as {Role} of {Client} with {Remote}: this side's store is in memory and had to catch "
            + "up, as after a restart."
    )]
    internal static partial void CaughtUp(this ILogger logger, ChannelRole role, string client, string remote);

    [LoggerMessage(
        EventId = 12,
        Level = LogLevel.Warning,
        Message = "A connection could not be accepted; the listener continues."
    )]
    internal static partial void AcceptFailed(this ILogger logger, Exception exception);

    [LoggerMessage(
        EventId = 13,
        Level = LogLevel.Error,
        Message = "The handler of the channel of {Client} threw; the listener continues."
    )]
    internal static partial void HandlerFailed(this ILogger logger, string client, Exception exception);
}
