using System.Security.Cryptography;
using SymRatchet.KeyStores.Sqlite;
using SymRatchet.KeyStores.Tests.Contract;

namespace SymRatchet.KeyStores.Tests.Sqlite;

/// <summary>
/// What was replaced is in none of the bytes of the store's files, the log included, while the store is open and in
/// use.
/// </summary>
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
            using (StoredKey? key = await store.FindAsync(name))
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
            string name =
                names.Count < 5 || random.Next(3) == 0
                    ? $"{step}-" + new string('x', random.Next(200))
                    : names[random.Next(names.Count)];
            bool isRevoked = live.TryGetValue(name, out HashSet<string>? keys) && keys.Count == 0;
            if (!live.ContainsKey(name))
                await store.AddAsync(TestKeys.Shared(name));
            else if (isRevoked || random.Next(8) == 0)
                await store.RotateAsync(PreSharedKey.Generate(name));
            else if (random.Next(12) == 0)
                await store.RevokeAsync(name);
            else if (random.Next(12) == 0)
                await store.RestrictAsync(name, random.Next(2) == 0 ? NoSuites : [CipherSuiteId.Aegis256]);
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

    [Fact]
    public async Task Large_and_small_commits_of_two_writers_leave_no_old_key_in_the_log()
    {
        await using StoreFolder folder = new();
        SqliteKeyStore[] writers = [folder.Open(), folder.Open()];
        string[] names = [.. Enumerable.Range(0, 200).Select(i => $"client {i}")];
        Dictionary<string, long> serials = [];
        foreach (string name in names)
        {
            await writers[0].AddAsync(TestKeys.Shared(name));
            using StoredKey? key = await writers[0].FindAsync(name);
            serials[name] = key!.Serial;
        }

        Random random = new(12);
        Dictionary<string, byte[]> current = [];
        List<byte[]> dead = [];
        for (int epoch = 1; epoch <= 30; epoch++)
        {
            // Many at once make commits of many pages; one alone makes a commit of one.
            string[] moved =
                epoch % 3 == 0 ? [.. names.Where(_ => random.Next(2) == 0)] : [names[random.Next(names.Length)]];
            dead.AddRange(moved.Where(current.ContainsKey).Select(name => current[name]));
            foreach (string name in moved)
                current[name] = RandomNumberGenerator.GetBytes(32);
            await Task.WhenAll(
                moved.Select(name =>
                    writers[random.Next(2)].AdvanceAsync(name, serials[name], epoch, current[name]).AsTask()
                )
            );
            Assert.Empty(KeySearch.Find(folder.AllBytes(), dead));
        }

        Assert.True(dead.Count > 500, $"{dead.Count} keys were replaced");
    }

    private static async Task AdvanceAsync(SqliteKeyStore store, string name, Random random)
    {
        using StoredKey? key = await store.FindAsync(name);
        StoredKey moved = key!.Successor is { } successor && random.Next(2) == 0 ? successor : key;
        await store.AdvanceAsync(
            name,
            moved.Serial,
            moved.Epoch + random.Next(1, 1000),
            RandomNumberGenerator.GetBytes(32)
        );
    }

    private static void AssertNone(StoreFolder folder, HashSet<string> keys) => Assert.Empty(Found(folder, keys));

    private static List<int> Found(StoreFolder folder, HashSet<string> keys) =>
        KeySearch.Find(folder.AllBytes(), keys.Select(Convert.FromHexString));
}
