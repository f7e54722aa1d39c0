using SymRatchet.Crypto;
using SymRatchet.Protocol1;
using SymRatchet.TestKit;

namespace SymRatchet.Tests.Keys;

/// <summary>What a pre-shared key is, and what is left of it in a store. Protocol 1, section 3.</summary>
public sealed class ProvisioningTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(16)]
    [InlineData(31)]
    [InlineData(33)]
    [Requirement("R3-1")]
    public void A_key_of_another_size_is_refused(int size) =>
        Assert.Throws<ArgumentException>(() => PreSharedKey.Import("device", new byte[size]));

    [Fact]
    [Requirement("R3-1")]
    public void A_key_that_is_generated_is_random()
    {
        HashSet<string> roots = [];
        for (int i = 0; i < 100; i++)
        {
            using PreSharedKey key = PreSharedKey.Generate("device");
            using StoredKey stored = key.ImportFor(ChannelRole.Client);
            Assert.True(roots.Add(Convert.ToHexString(stored.EpochKey)));
        }
    }

    [Fact]
    [Requirement("R3-2")]
    public void An_id_has_1_to_255_bytes_and_a_server_name_up_to_255()
    {
        byte[] secret = new byte[PreSharedKey.Size];
        PreSharedKey.Import(new ClientId(new byte[255]), secret, new string('s', 255)).Dispose();
        PreSharedKey.Import(new ClientId([1]), secret).Dispose();
        Assert.Throws<ArgumentException>(() => PreSharedKey.Import(new ClientId(new byte[256]), secret));
        Assert.Throws<ArgumentException>(() => PreSharedKey.Import(new ClientId([]), secret));
        Assert.Throws<ArgumentException>(() => PreSharedKey.Import(new ClientId([1]), secret, new string('s', 256)));
    }

    [Theory]
    [InlineData(ChannelRole.Client)]
    [InlineData(ChannelRole.Server)]
    [Requirement("R3-6", "R3-8")]
    public void A_store_holds_what_a_key_becomes_and_not_the_key(ChannelRole role)
    {
        byte[] secret = [.. Enumerable.Range(1, PreSharedKey.Size).Select(i => (byte)i)],
            salt = new byte[32],
            extracted = new byte[32];
        System.Security.Cryptography.SHA256.HashData([.. Labels.Import, 6, .. "device"u8, 0], salt);
        Hkdf.Extract(salt, secret, extracted);
        using InMemoryKeyStore store = new(role);
        byte[] root,
            identity;
        using (PreSharedKey key = PreSharedKey.Import("device", secret))
        {
            store.Add(key);
            using StoredKey stored = key.ImportFor(role);
            (root, identity) = (stored.EpochKey.ToArray(), stored.IdentityKey.ToArray());
        }

        byte[][] held =
        [
            .. Held.Secrets(store).Where(bytes => !bytes.IsErased).SelectMany(Held.Values),
            .. Held.Arrays(store),
        ];
        Assert.True(Holds(held, root) && Holds(held, identity));
        Assert.False(Holds(held, secret) || Holds(held, extracted));
    }

    private static bool Holds(byte[][] held, byte[] key) => held.Any(bytes => bytes.AsSpan().IndexOf(key) >= 0);
}
