namespace SymRatchet.Tool;

/// <summary>Something that the user can understand and put right; shown as one line.</summary>
internal sealed class ToolException(string message, int exitCode = ExitCode.Failure) : Exception(message)
{
    internal int ExitCode { get; } = exitCode;
}
