namespace SymRatchet.Tool;

/// <summary>A failure that the user can understand and correct; shown as one line.</summary>
internal sealed class ToolException(string message, int exitCode = ExitCode.Failure, Exception? innerException = null)
    : Exception(message, innerException)
{
    internal int ExitCode { get; } = exitCode;
}
