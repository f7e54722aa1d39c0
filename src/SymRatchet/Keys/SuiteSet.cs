namespace SymRatchet.Keys;

/// <summary>
/// A set of suites as a store writes it: one bit for each suite's number, 0 for no restriction. The store packages
/// compile this file too.
/// </summary>
internal static class SuiteSet
{
    /// <summary>All suites.</summary>
    internal static IEnumerable<CipherSuiteId> All { get; } =
    [.. Enum.GetValues<CipherSuiteId>().Where(suite => suite != CipherSuiteId.None)];

    internal static long ToBits(IReadOnlyList<CipherSuiteId> suites) =>
        suites.Aggregate(0L, (bits, suite) => bits | (1L << (int)suite));

    /// <summary>
    /// Returns the known suites among the bits. To detect unknown ones, compare <see cref="ToBits"/> of the result.
    /// </summary>
    internal static IReadOnlyList<CipherSuiteId> FromBits(long bits) =>
        [.. All.Where(suite => (bits & (1L << (int)suite)) != 0)];
}
