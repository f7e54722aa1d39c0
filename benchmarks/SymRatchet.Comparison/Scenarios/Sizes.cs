namespace SymRatchet.Comparison.Scenarios;

/// <summary>The sizes that are measured, in bytes.</summary>
internal static class Sizes
{
    internal const int Message = 64;
    internal const int Block = 64 * 1024;
}
