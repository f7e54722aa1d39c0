using SymRatchet.KeyStores.Sqlite;
using SymRatchet.KeyStores.Tests.Contract;
using SymRatchet.KeyStores.Tests.Sqlite;

namespace SymRatchet.KeyStores.Tests.Wrapping;

/// <summary>Who asks for an id learns nothing of it from what the wrapper has to do.</summary>
public sealed class DecoyTests
{
    [Fact]
    public async Task As_many_keys_are_unwrapped_for_an_id_that_is_unknown_known_revoked_or_has_two_keys()
    {
        await using StoreFolder folder = new();
        using GatedWrapper wrapper = new();
        SqliteKeyStore store = folder.Open(options: new SqliteKeyStoreOptions { Wrapper = wrapper });
        foreach (string name in (string[])["known 1", "rotate1", "revoked"])
            await store.AddAsync(TestKeys.Shared(name));
        await store.RotateAsync(TestKeys.Shared("rotate1", 1));
        await store.RevokeAsync("revoked");
        await store.AddAsync(PreSharedKey.ForSeed(7, "client7_master_k"u8));
        List<int> unwraps = [];
        foreach (string name in (string[])["unknown", "known 1", "rotate1", "revoked", "7", new string('x', 255)])
        {
            int before = wrapper.Unwraps;
            using StoredKey? key = await store.FindAsync(name);
            unwraps.Add(wrapper.Unwraps - before);
        }

        Assert.Equal([4, 4, 4, 4, 4, 4], unwraps);
    }

    [Fact]
    public async Task Decoys_outlive_the_wrapping_key_under_which_they_were_made()
    {
        await using StoreFolder folder = new();
        using KeyRing ring = new();
        SqliteKeyStore store = folder.Open(options: new SqliteKeyStoreOptions { Wrapper = ring.Open() });
        Assert.Null(await store.FindAsync("unknown"));
        ring.AddKey();
        ring.DeleteOldKeys();
        Assert.Null(await store.FindAsync("unknown"));
    }
}
