using System.Security.Cryptography;
using System.Text;
using SymRatchet.KeyStores.Tests.Contract;
using SymRatchet.KeyStores.Tests.Sqlite;
using SymRatchet.TestKit;

namespace SymRatchet.KeyStores.Tests.KeyFiles;

/// <summary>
/// Every crash that can be: each write between two waits for the disk is there, partly there or not, torn at each byte.
/// What is found afterwards is opened, and that opening crashes as well.
/// </summary>
public sealed class KeyFileCrashTests
{
    private const string Name = "device 1";

    private static readonly KeyFileOptions Options = new() { CreateIfMissing = true };

    public static TheoryData<string> Changes => ["advance", "rotate", "use", "revoke", "return", "restrict"];

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task A_change_is_made_or_not_and_leaves_no_old_key(string change)
    {
        ChannelRole role = change is "return" ? ChannelRole.Client : ChannelRole.Server;
        SimulatedFile file = new([]);
        KeyFile store = Open(file, role);
        await store.AddAsync(TestKeys.Shared(Name));
        await store.AdvanceAsync(Name, 1);
        if (change == "use")
            await store.RotateAsync(TestKeys.Shared(Name, 1));
        if (change == "return")
            await store.RevokeAsync(Name);
        string before = await DescribeAsync(store);
        byte[][] oldKeys = await KeysAsync(store);
        int begun = file.Steps;
        await ChangeAsync(store, change);
        string after = await DescribeAsync(store);
        byte[][] newKeys = await KeysAsync(store);
        Assert.NotEqual(before, after);

        // Two waits for the disk; and once the change was reported, nothing of what it replaced is left.
        Assert.Equal(4, file.Steps - begun);
        Assert.True(file.IsSynced);
        Assert.Empty(KeySearch.Find(file.Bytes, oldKeys.Except(newKeys, Bytes.Comparer)));
        await AssertOneOrTheOtherAsync(file, begun, role, before, oldKeys, after, newKeys);
    }

    [Fact]
    public async Task A_credential_becomes_a_store_or_stays_as_it_is()
    {
        using PreSharedKey carried = PreSharedKey.Import(Name, RandomNumberGenerator.GetBytes(32), "server");
        using MemoryStream stream = new();
        carried.WriteCredential(stream);
        byte[] credential = stream.ToArray();
        SimulatedFile file = new(credential);
        KeyFile store = Open(file, ChannelRole.Client);
        string opened = await DescribeAsync(store);
        Assert.True(file.IsSynced);
        AssertHoldsNothingOf(credential, carried, file.Bytes);
        using (StoredKey expected = carried.ImportFor(ChannelRole.Client))
        using (StoredKey? found = await store.FindAsync(Name))
            Assert.Equal(Convert.ToHexString(expected.EpochKey), Convert.ToHexString(found!.EpochKey));

        int credentials = 0;
        int stores = 0;
        foreach (byte[] crashed in file.CrashStates())
        {
            // Whichever it is when it is looked at, an opening makes the same store of it.
            if (crashed.AsSpan().StartsWith(credential))
                credentials++;
            else
                stores++;
            SimulatedFile again = new(crashed);
            KeyFile reopened = Open(again, ChannelRole.Client);
            Assert.True(again.IsSynced);
            Assert.Equal(opened, await DescribeAsync(reopened));
            AssertHoldsNothingOf(credential, carried, again.Bytes);
            await reopened.DisposeAsync();
        }

        Assert.True(credentials > 8000 && stores > 8000, $"{credentials} credentials, {stores} stores");
    }

    [Fact]
    public async Task An_opening_that_crashes_too_ends_as_the_next_one()
    {
        using PreSharedKey carried = TestKeys.Shared(Name);
        using MemoryStream stream = new();
        carried.WriteCredential(stream);
        SimulatedFile file = new(stream.ToArray());
        string opened = await DescribeAsync(Open(file, ChannelRole.Client));
        foreach (byte[] crashed in file.CrashStates(everyByte: false))
        {
            SimulatedFile second = new(crashed);
            await Open(second, ChannelRole.Client).DisposeAsync();
            foreach (byte[] twice in second.CrashStates(everyByte: false))
            {
                SimulatedFile third = new(twice);
                Assert.Equal(opened, await DescribeAsync(Open(third, ChannelRole.Client)));
                AssertHoldsNothingOf(stream.ToArray(), carried, third.Bytes);
            }
        }
    }

    [Fact]
    public async Task A_new_file_is_empty_or_can_be_made_again()
    {
        SimulatedFile file = new([]);
        string empty = await DescribeAsync(Open(file, ChannelRole.Client));
        foreach (byte[] crashed in file.CrashStates())
            Assert.Equal(empty, await DescribeAsync(Open(new SimulatedFile(crashed), ChannelRole.Client)));
    }

    [Fact]
    public async Task A_disk_that_fails_at_any_step_is_told_and_the_file_opens_to_the_old_or_the_new_state()
    {
        for (int failing = 0; failing < 4; failing++)
        {
            SimulatedFile file = new([]);
            KeyFile store = Open(file, ChannelRole.Client);
            await store.AddAsync(TestKeys.Shared(Name));
            int last = file.Steps + failing;
            file.Before = step =>
            {
                if (step == last)
                    throw new IOException("input/output error");
            };
            var failure = await Assert.ThrowsAsync<KeyStoreException>(async () => await store.AdvanceAsync(Name, 1));
            Assert.True(failure.IsOutcomeUnknown);
            file.Before = null;
            var refusal = await Assert.ThrowsAsync<KeyStoreException>(async () => await store.EpochAsync(Name));
            Assert.Contains("opened again", refusal.Message, StringComparison.Ordinal);
            await Assert.ThrowsAsync<KeyStoreException>(async () => await store.ProbeAsync());
            await Assert.ThrowsAsync<KeyStoreException>(async () =>
                await store.AdvanceAsync(Name, 1, 2, TestKeys.Root(Name, 2))
            );

            KeyFile again = Open(new SimulatedFile(file.Bytes), ChannelRole.Client);
            Assert.Equal(failing == 0 ? 0 : 1, await again.EpochAsync(Name));
        }
    }

    [Fact]
    public void Where_no_slot_is_whole_nothing_is_changed()
    {
        SimulatedFile file = new([]);
        Open(file, ChannelRole.Client);
        byte[] damaged = file.Bytes;
        damaged[5000] ^= 1; // between the slots: nobody looks there
        Open(new SimulatedFile(damaged), ChannelRole.Client);
        damaged[4096] ^= 1;
        SimulatedFile found = new(damaged);
        var failure = Assert.Throws<KeyStoreException>(() => Open(found, ChannelRole.Client));
        Assert.Contains("none of its slots is complete", failure.Message, StringComparison.Ordinal);
        Assert.Equal(damaged, found.Bytes);
        Assert.Equal(0, found.Steps);

        byte[] torn = [.. "symratchet credential 1\nid: "u8];
        foreach (
            byte[] other in (byte[][])
                [
                    [.. "id: x"u8],
                    new byte[9000],
                    torn,
                ]
        )
        {
            SimulatedFile foreign = new(other);
            Assert.Throws<KeyStoreException>(() => Open(foreign, ChannelRole.Client));
            Assert.Equal(other, foreign.Bytes);
        }
    }

    [Fact]
    public async Task A_credential_that_was_written_over_a_store_in_use_is_not_taken_for_its_rest()
    {
        SimulatedFile file = new([]);
        KeyFile store = Open(file, ChannelRole.Client);
        await store.AddAsync(TestKeys.Shared(Name));
        await store.AdvanceAsync(Name, 1);
        using MemoryStream stream = new();
        TestKeys.Shared("device 2").WriteCredential(stream);
        byte[] mixed = file.Bytes;
        stream.ToArray().CopyTo(mixed, 0);
        SimulatedFile found = new(mixed);
        Assert.Contains(
            "overwritten in part",
            Assert.Throws<KeyStoreException>(() => Open(found, ChannelRole.Client)).Message,
            StringComparison.Ordinal
        );
        Assert.Equal(mixed, found.Bytes);
    }

    private static KeyFile Open(SimulatedFile file, ChannelRole role) =>
        KeyFile.Open("device.credential", role, Options, () => file);

    private static async Task ChangeAsync(KeyFile store, string change)
    {
        switch (change)
        {
            case "advance":
                await store.AdvanceAsync(Name, 2);
                break;
            case "rotate":
            case "return":
                await store.RotateAsync(TestKeys.Shared(Name, 1));
                break;
            case "use":
                using (StoredKey? key = await store.FindAsync(Name))
                    await store.AdvanceAsync(Name, key!.Successor!.Serial, 1, TestKeys.Root(Name, 9));
                break;
            case "revoke":
                await store.RevokeAsync(Name);
                break;
            default:
                await store.RestrictAsync(Name, [CipherSuiteId.Aes256Gcm]);
                break;
        }
    }

    private static async Task AssertOneOrTheOtherAsync(
        SimulatedFile file,
        int begun,
        ChannelRole role,
        string before,
        byte[][] oldKeys,
        string after,
        byte[][] newKeys
    )
    {
        HashSet<string> found = [];
        foreach (byte[] crashed in file.CrashStates(begun))
        {
            SimulatedFile again = new(crashed);
            KeyFile reopened = Open(again, role);
            string state = await DescribeAsync(reopened);
            Assert.True(state == before || state == after, state);
            found.Add(state);

            // The opening erased what is left of the other state, and the store goes on.
            (byte[][] kept, byte[][] gone) = state == after ? (newKeys, oldKeys) : (oldKeys, newKeys);
            Assert.True(again.IsSynced);
            Assert.Empty(KeySearch.Find(again.Bytes, gone.Except(kept, Bytes.Comparer)));
            await reopened.ProbeAsync();
            await reopened.DisposeAsync();
        }

        Assert.Equal([before, after], found.OrderBy(state => state != before));
    }

    private static void AssertHoldsNothingOf(byte[] credential, PreSharedKey carried, byte[] bytes)
    {
        using MemoryStream stream = new();
        string text = Encoding.ASCII.GetString(credential);
        string key = text[text.IndexOf("key: ", StringComparison.Ordinal)..].Split(' ')[1].Trim();
        string found = Encoding.Latin1.GetString(bytes);
        for (int i = 0; i + 8 <= key.Length; i++)
            Assert.DoesNotContain(key.Substring(i, 8), found, StringComparison.Ordinal);
        Assert.Empty(KeySearch.Find(bytes, [Convert.FromBase64String(key)]));
        Assert.DoesNotContain("credential", found, StringComparison.Ordinal);
        Assert.StartsWith("symratchet key file 1\n", found, StringComparison.Ordinal);
        Assert.Equal(key, Convert.ToBase64String(carried.Secret));
    }

    private static async Task<string> DescribeAsync(KeyFile store)
    {
        if (store.ClientId is not { } id)
            return "nobody";
        using StoredKey? key = await store.FindAsync(id);
        KeyRecord record = (await store.DescribeAsync(id))!;
        string keys = string.Join('/', (await KeysAsync(store)).Select(Convert.ToHexString));
        return $"{id} {key?.Serial} {record.Epoch} {string.Join(',', record.Suites)} {record.Revoked is null} {keys}";
    }

    private static async Task<byte[][]> KeysAsync(KeyFile store)
    {
        using StoredKey? key = await store.FindAsync(Name);
        return key is null
            ? []
            :
            [
                key.IdentityKey.ToArray(),
                key.EpochKey.ToArray(),
                .. key.Successor is { } next ? (byte[][])[next.IdentityKey.ToArray(), next.EpochKey.ToArray()] : [],
            ];
    }

    private sealed class Bytes : IEqualityComparer<byte[]>
    {
        internal static Bytes Comparer { get; } = new();

        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(byte[] bytes) => BitConverter.ToInt32(bytes);
    }
}
