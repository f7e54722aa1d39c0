using System.Reflection;
using Microsoft.Extensions.Logging;

namespace SymRatchet.Documents.Tests.Code;

/// <summary>An event of the log, as the code declares it.</summary>
internal sealed record LogEvent(Assembly Library, string Method, int Id, LogLevel Level, string Message)
{
    private const BindingFlags Declared =
        BindingFlags.Public
        | BindingFlags.NonPublic
        | BindingFlags.Static
        | BindingFlags.Instance
        | BindingFlags.DeclaredOnly;

    internal static LogEvent[] All { get; } =
    [
        .. from library in Libraries.All
        from type in library.GetTypes()
        from method in type.GetMethods(Declared)
        let line = method.GetCustomAttribute<LoggerMessageAttribute>()
        where line is not null
        select new LogEvent(library, $"{type.FullName}.{method.Name}", line.EventId, line.Level, line.Message),
    ];
}
