using Microsoft.Extensions.Logging;

namespace SymRatchet.Aggregation;

/// <summary>The log messages of the aggregation. None contains a client's numbers.</summary>
internal static partial class AggregationLog
{
    internal static void Log(this ILogger logger, RoundEvent roundEvent, Func<ClientId, string> nameOf)
    {
        switch (roundEvent)
        {
            case RoundEvent.Joined joined:
                if (logger.IsEnabled(LogLevel.Information))
                    logger.Joined(nameOf(joined.Member.Client), joined.Member.Weight);
                break;
            case RoundEvent.Contributed contributed:
                if (logger.IsEnabled(LogLevel.Debug))
                    logger.Contributed(nameOf(contributed.Member.Client), contributed.Round, contributed.Numbers);
                break;
            case RoundEvent.Refused refused:
                logger.Refused(nameOf(refused.Member.Client), refused.Refusal);
                break;
            case RoundEvent.Closed { Round: { } round }:
                logger.RoundClosed(round.Number, round.Clients, round.Numbers, round.Reason);
                break;
            case RoundEvent.AggregatorFailed failed:
                logger.AggregatorFailed(failed.Round, failed.Exception);
                break;
        }
    }

    [LoggerMessage(
        EventId = 101,
        Level = LogLevel.Information,
        Message = "Client {Client} joined with weight {Weight}."
    )]
    private static partial void Joined(this ILogger logger, string client, double weight);

    [LoggerMessage(
        EventId = 102,
        Level = LogLevel.Debug,
        Message = "Client {Client} contributed {Count} numbers to round {Round}."
    )]
    private static partial void Contributed(this ILogger logger, string client, long round, int count);

    [LoggerMessage(
        EventId = 103,
        Level = LogLevel.Warning,
        Message = "A contribution of client {Client} was refused: {Refusal}."
    )]
    private static partial void Refused(this ILogger logger, string client, RoundRefusal refusal);

    [LoggerMessage(
        EventId = 104,
        Level = LogLevel.Debug,
        Message = "Round {Round} closed with {Clients} clients and {Count} numbers: {Reason}."
    )]
    private static partial void RoundClosed(
        this ILogger logger,
        long round,
        int clients,
        int count,
        CloseReason reason
    );

    [LoggerMessage(EventId = 105, Level = LogLevel.Error, Message = "The aggregator failed in round {Round}.")]
    private static partial void AggregatorFailed(this ILogger logger, long round, Exception exception);

    [LoggerMessage(EventId = 106, Level = LogLevel.Error, Message = "An observer of the rounds failed.")]
    internal static partial void ObserverFailed(this ILogger logger, Exception exception);

    [LoggerMessage(
        EventId = 107,
        Level = LogLevel.Information,
        Message = "Session of client {Client} ended after {Rounds} rounds: {Detail}."
    )]
    internal static partial void SessionEnded(this ILogger logger, string client, long rounds, string detail);

    [LoggerMessage(
        EventId = 108,
        Level = LogLevel.Warning,
        Message = "Session of client {Client} was terminated after {Rounds} rounds: {End}: {Detail}."
    )]
    internal static partial void SessionTerminated(
        this ILogger logger,
        string client,
        long rounds,
        SessionEnd end,
        string detail
    );

    [LoggerMessage(
        EventId = 109,
        Level = LogLevel.Error,
        Message = "The channel of client {Client} was not disposed in time."
    )]
    internal static partial void ChannelNotDisposed(this ILogger logger, string client, Exception exception);

    [LoggerMessage(
        EventId = 110,
        Level = LogLevel.Warning,
        Message = "{Count} round events were dropped: the log or an observer did not return in time."
    )]
    internal static partial void EventsDropped(this ILogger logger, int count);
}
