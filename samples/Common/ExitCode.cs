namespace SymRatchet.Samples;

/// <summary>What the samples return to the shell.</summary>
public static class ExitCode
{
    public const int Success = 0;
    public const int Failure = 1;
    public const int Usage = 2;

    /// <summary>Stopped by a signal before the work was done.</summary>
    public const int Interrupted = 130;
}
