using Microsoft.Extensions.Logging;

namespace SymRatchet.KeyStores.CrashProcess;

/// <summary>
/// Writes every warning of the library to standard output: an alarm of a store that was restored from a backup is one.
/// </summary>
internal sealed class AlarmLog : ILoggerFactory, ILogger
{
    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) { }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    public void Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter
    )
    {
        if (IsEnabled(logLevel))
            Console.WriteLine($"alarm {formatter(state, exception)}");
    }

    public void Dispose() { }
}
