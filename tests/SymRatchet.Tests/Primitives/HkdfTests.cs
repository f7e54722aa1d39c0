using System.Security.Cryptography;
using SymRatchet.Primitives;

namespace SymRatchet.Tests.Primitives;

/// <summary>RFC 5869, appendix A, and the labels of protocol 1.</summary>
public sealed class HkdfTests
{
    public static TheoryData<string> Cases => [.. PublishedVectors.Read("hkdf-sha256.json").Select(one => one["name"])];

    [Theory]
    [MemberData(nameof(Cases))]
    public void It_does_what_the_RFC_published(string name)
    {
        IReadOnlyDictionary<string, string> one = PublishedVectors.Read("hkdf-sha256.json").Single(c => c["name"] == name);
        byte[] extracted = new byte[32];
        Hkdf.Extract(one.Hex("salt"), one.Hex("input_key"), extracted);
        Assert.Equal(one.Hex("pseudorandom_key"), extracted);

        byte[] output = new byte[one.Hex("output").Length];
        Hkdf.ExpandInfo(extracted, one.Hex("info"), output);
        Assert.Equal(one.Hex("output"), output);
    }

    [Fact]
    public void A_label_is_prefixed_and_yields_one_block()
    {
        byte[] key = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];
        byte[] derived = new byte[32];
        Hkdf.Expand(key, "next epoch"u8, derived);
        Assert.Equal(HMACSHA256.HashData(key, "symratchet/1 next epoch\u0001"u8), derived);

        // The epoch chain walks in place.
        Hkdf.Expand(key, "next epoch"u8, key);
        Assert.Equal(derived, key);
    }
}
