using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using SymRatchet.Crypto;
using SymRatchet.PropertyTests;

[assembly: Properties(Arbitrary = [typeof(SuiteArbitrary)])]

namespace SymRatchet.PropertyTests;

/// <summary>Any suite that there is; the value None is for protocols without a choice.</summary>
public static class SuiteArbitrary
{
    public static Arbitrary<CipherSuiteId> Suites() =>
        Gen.Elements(CipherSuite.All.Select(suite => suite.Id)).ToArbitrary();
}
