using SymRatchet.Crypto;

namespace SymRatchet.Tests.Crypto;

/// <summary>AEGIS-256 of the CFRG draft, AES-256-GCM of its authors, ChaCha20-Poly1305 of RFC 8439.</summary>
public sealed class CipherSuiteVectorTests
{
    private static readonly Dictionary<CipherSuiteId, string> Files = new()
    {
        [CipherSuiteId.Aegis256] = "aegis-256.json",
        [CipherSuiteId.Aes256Gcm] = "aes-256-gcm.json",
        [CipherSuiteId.ChaCha20Poly1305] = "chacha20-poly1305.json",
    };

    public static TheoryData<CipherSuiteId, string> Cases
    {
        get
        {
            TheoryData<CipherSuiteId, string> cases = [];
            foreach (CipherSuite suite in CipherSuite.All)
            foreach (IReadOnlyDictionary<string, string> one in PublishedVectors.Read(Files[suite.Id]))
                cases.Add(suite.Id, one["name"]);
            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_suite_does_what_was_published(CipherSuiteId id, string name)
    {
        CipherSuite suite = CipherSuite.Get(id);
        IReadOnlyDictionary<string, string> one = PublishedVectors.Read(Files[id]).Single(c => c["name"] == name);
        byte[] key = one.Hex("key"),
            nonce = one.Hex("nonce"),
            data = one.Hex("associated_data");
        byte[] body = [.. one.Hex("ciphertext"), .. one.Hex("tag")];
        byte[] opened = new byte[body.Length - suite.TagSize];
        Assert.Equal(suite.NonceSize, nonce.Length);

        bool valid = one.ContainsKey("plaintext");
        Assert.Equal(valid, suite.Open(key, nonce, data, body, opened));
        if (!valid)
        {
            Assert.All(opened, b => Assert.Equal(0, b));
            return;
        }

        byte[] plaintext = one.Hex("plaintext"),
            sealedBody = new byte[body.Length];
        suite.Seal(key, nonce, data, plaintext, sealedBody);
        Assert.Equal(plaintext, opened);
        Assert.Equal(body, sealedBody);
    }
}
