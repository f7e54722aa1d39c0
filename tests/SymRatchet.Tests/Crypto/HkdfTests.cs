using System.Security.Cryptography;
using SymRatchet.Crypto;
using SymRatchet.Protocol1;

namespace SymRatchet.Tests.Crypto;

/// <summary>RFC 5869, appendix A, and the labels of protocol 1.</summary>
public sealed class HkdfTests
{
    public static TheoryData<string> Cases => [.. PublishedVectors.Read("hkdf-sha256.json").Select(one => one["name"])];

    [Theory]
    [MemberData(nameof(Cases))]
    public void It_does_what_the_RFC_published(string name)
    {
        IReadOnlyDictionary<string, string> one = PublishedVectors
            .Read("hkdf-sha256.json")
            .Single(c => c["name"] == name);
        byte[] extracted = new byte[32];
        Hkdf.Extract(one.Hex("salt"), one.Hex("input_key"), extracted);
        Assert.Equal(one.Hex("pseudorandom_key"), extracted);

        byte[] output = new byte[one.Hex("output").Length];
        Hkdf.Expand(extracted, one.Hex("info"), output);
        Assert.Equal(one.Hex("output"), output);
    }

    [Fact]
    public void A_label_says_its_protocol_and_yields_one_block()
    {
        byte[] key = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];
        byte[] derived = new byte[32];
        Hkdf.Expand(key, Labels.NextEpoch, derived);
        Assert.Equal(HMACSHA256.HashData(key, "symratchet/1 next epoch\u0001"u8), derived);

        // The epoch chain walks in place.
        Hkdf.Expand(key, Labels.NextEpoch, key);
        Assert.Equal(derived, key);
    }

    [Fact]
    public void The_library_and_the_platform_compute_the_same()
    {
        Random random = new(7);
        byte[] key = new byte[32];
        foreach (int length in (int[])[0, 1, 31, 32, 63, 64, 65, 119, 120, 200, 1000])
        {
            byte[] message = new byte[length];
            random.NextBytes(key);
            random.NextBytes(message);
            byte[] mac = new byte[32];
            Sodium.Hmac(key, message, mac);
            Assert.Equal(HMACSHA256.HashData(key, message), mac);
            foreach (int size in (int[])[16, 32, 64, 100])
            {
                byte[] derived = new byte[size];
                Sodium.HkdfExpand(key, message, derived);
                Assert.Equal(HKDF.Expand(HashAlgorithmName.SHA256, key, size, message), derived);
            }
        }
    }
}
