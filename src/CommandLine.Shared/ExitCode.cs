namespace SymRatchet.CommandLine;

/// <summary>What the command symratchet and the samples return to the shell.</summary>
internal static class ExitCode
{
    internal const int Success = 0;
    internal const int Failure = 1;
    internal const int Usage = 2;

    /// <summary>The id is not in the store, or was revoked.</summary>
    internal const int NotFound = 3;

    /// <summary>It works, but a check has something to say.</summary>
    internal const int Warning = 4;

    /// <summary>Stopped by a signal before the work was done.</summary>
    internal const int Interrupted = 130;
}
