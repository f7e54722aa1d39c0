using Microsoft.Extensions.Logging;

namespace SymRatchet.TestKit;

/// <summary>A log whose every line fails, once it is told to.</summary>
internal sealed class ThrowingLoggerFactory : ILoggerFactory, ILogger
{
    internal bool Throws { get; set; }

    /// <summary>Gets or sets whether it fails already when it is asked whether a level is on.</summary>
    internal bool ThrowsWhenAsked { get; set; }

    public void AddProvider(ILoggerProvider provider) { }

    public ILogger CreateLogger(string categoryName) => this;

    public void Dispose() { }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) =>
        ThrowsWhenAsked ? throw new InvalidOperationException("the log is gone") : true;

    public void Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter
    )
    {
        if (Throws)
            throw new InvalidOperationException("the disk of the log is full");
    }
}
