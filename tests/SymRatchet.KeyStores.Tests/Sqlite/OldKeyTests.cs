using System.Security.Cryptography;
using SymRatchet.KeyStores.Sqlite;
using SymRatchet.KeyStores.Tests.Contract;

namespace SymRatchet.KeyStores.Tests.Sqlite;

/// <summary>What was replaced is in none of the bytes of the store's files, the log included, while the store is open and in use.</summary>
public sealed class OldKeyTests
{
    private static readonly CipherSuiteId[] NoSuites = [];

    [Fact]
    public async Task No_old_key_is_left_in_any_file_after_any_change()
    {
        await using StoreFolder folder = new();
        SqliteKeyStore store = folder.Open();
        Random random = new(11);
        Dictionary<string, HashSet<string>> live = [];
        HashSet<string> dead = [];

        async Task LookAsync(string name)
        {
            HashSet<string> now = [];
            using (StoredKey? key = await store.FindAsync(TestKeys.Id(name)))
            {
                foreach (StoredKey one in new[] { key, key?.Successor }.OfType<StoredKey>())
                {
                    now.Add(Convert.ToHexString(one.IdentityKey));
                    now.Add(Convert.ToHexString(one.EpochKey));
                }
            }

            dead.UnionWith(live.GetValueOrDefault(name, []).Except(now));
            dead.ExceptWith(now);
            live[name] = now;
        }

        for (int step = 0; step < 400; step++)
        {
            // Ids of many lengths, so that rows move between pages and pages split.
            List<string> names = [.. live.Keys];
            string name = names.Count < 5 || random.Next(3) == 0 ? $"{step}-" + new string('x', random.Next(200)) : names[random.Next(names.Count)];
            bool isRevoked = live.TryGetValue(name, out HashSet<string>? keys) && keys.Count == 0;
            if (!live.ContainsKey(name))
                await store.AddAsync(TestKeys.Shared(name));
            else if (isRevoked || random.Next(8) == 0)
                await store.RotateAsync(PreSharedKey.Generate(name));
            else if (random.Next(12) == 0)
                await store.RevokeAsync(TestKeys.Id(name));
            else if (random.Next(12) == 0)
                await store.RestrictAsync(TestKeys.Id(name), random.Next(2) == 0 ? NoSuites : [CipherSuiteId.Aegis256]);
            else
                await AdvanceAsync(store, name, random);
            await LookAsync(name);
            if (step % 10 == 9)
                AssertNone(folder, dead);
        }

        Assert.True(dead.Count > 150, $"{dead.Count} keys were replaced");
        AssertNone(folder, dead);

        // The search finds what is there.
        Assert.NotEmpty(Found(folder, [live.Values.First(keys => keys.Count > 0).First()]));
    }

    private static async Task AdvanceAsync(SqliteKeyStore store, string name, Random random)
    {
        using StoredKey? key = await store.FindAsync(TestKeys.Id(name));
        StoredKey moved = key!.Successor is { } successor && random.Next(2) == 0 ? successor : key;
        await store.AdvanceAsync(TestKeys.Id(name), moved.Serial, moved.Epoch + random.Next(1, 1000), RandomNumberGenerator.GetBytes(32));
    }

    private static void AssertNone(StoreFolder folder, HashSet<string> keys) => Assert.Empty(Found(folder, keys));

    private static List<int> Found(StoreFolder folder, HashSet<string> keys) => KeySearch.Find(folder.AllBytes(), keys.Select(Convert.FromHexString));
}
