namespace SymRatchet.KeyStores;

/// <summary>A restriction to suites as a column holds it: one bit for each suite's number, 0 for no restriction.</summary>
internal static class SuiteSet
{
    internal static long ToBits(IReadOnlyList<CipherSuiteId> suites) => suites.Aggregate(0L, (bits, suite) => bits | (1L << (int)suite));

    internal static IReadOnlyList<CipherSuiteId> FromBits(long bits) => [.. Enum.GetValues<CipherSuiteId>().Where(suite => suite != CipherSuiteId.None && (bits & (1L << (int)suite)) != 0)];
}
