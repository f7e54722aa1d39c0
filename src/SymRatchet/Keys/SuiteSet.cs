namespace SymRatchet.Keys;

/// <summary>
/// A restriction to suites as a store writes it: one bit for each suite's number, 0 for no restriction. The store
/// packages compile this file too.
/// </summary>
internal static class SuiteSet
{
    /// <summary>The suites that there are.</summary>
    internal static IEnumerable<CipherSuiteId> All { get; } =
    [.. Enum.GetValues<CipherSuiteId>().Where(suite => suite != CipherSuiteId.None)];

    internal static long ToBits(IReadOnlyList<CipherSuiteId> suites) =>
        suites.Aggregate(0L, (bits, suite) => bits | (1L << (int)suite));

    /// <summary>
    /// The suites of those bits that are one's; where the others of a row count, compare the bits of these.
    /// </summary>
    internal static IReadOnlyList<CipherSuiteId> FromBits(long bits) =>
        [.. All.Where(suite => (bits & (1L << (int)suite)) != 0)];
}
