using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace SymRatchet.Diagnostics;

/// <summary>
/// A log that may throw, for want of handles or disk perhaps, and must not end what it tells of: no connection stays
/// open and no loop ends because a line could not be written. The exceptions themselves say what the line would have.
/// </summary>
internal sealed class GuardedLogger(ILogger inner) : ILogger
{
    internal static ILogger Create(ILoggerFactory factory, string category = "SymRatchet.Channel")
    {
        try
        {
            return new GuardedLogger(factory.CreateLogger(category));
        }
        catch (Exception)
        {
            return NullLogger.Instance; // the factory was disposed before the program's last channels, perhaps
        }
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => inner.BeginScope(state);

    public bool IsEnabled(LogLevel logLevel)
    {
        try
        {
            return inner.IsEnabled(logLevel);
        }
        catch (Exception)
        {
            return false;
        }
    }

    public void Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter
    )
    {
        try
        {
            inner.Log(logLevel, eventId, state, exception, formatter);
        }
        catch (Exception)
        {
            // Another line may be written again.
        }
    }
}
