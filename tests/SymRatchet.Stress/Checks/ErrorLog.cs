using Microsoft.Extensions.Logging;

namespace SymRatchet.Stress.Checks;

/// <summary>Takes a line at level Error, of the library or of Kestrel, for a failure.</summary>
internal sealed class ErrorLog(Verdict verdict) : ILoggerFactory, ILoggerProvider, ILogger
{
    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) { }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

    public void Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter
    )
    {
        if (IsEnabled(logLevel))
            verdict.Fail($"log line {eventId}: {formatter(state, exception)} {exception}");
    }

    public void Dispose() { }
}
