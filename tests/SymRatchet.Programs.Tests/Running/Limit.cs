namespace SymRatchet.Programs.Tests.Running;

/// <summary>How long a test waits for what must come; one that passes never waits so long.</summary>
internal static class Limit
{
    internal static TimeSpan Long { get; } = TimeSpan.FromMinutes(1);
}
