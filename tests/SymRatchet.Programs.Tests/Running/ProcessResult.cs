namespace SymRatchet.Programs.Tests.Running;

/// <summary>How a process ended, and what it wrote.</summary>
internal sealed record ProcessResult(int ExitCode, string Output, string Error);
