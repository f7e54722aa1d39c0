using System.Security.Cryptography;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using SymRatchet.TestKit;

namespace SymRatchet.PropertyTests.Keys;

/// <summary>
/// A key file does what a store in memory does, through any history of changes, crashes and openings, and keeps no key
/// that the store in memory has not.
/// </summary>
public sealed class KeyFileProperties
{
    private const string Name = "device 1";

    private static readonly ClientId Id = "device 1";

    public enum Deed
    {
        Add,
        Advance,
        AdvanceFar,
        AdvanceBack,
        Rotate,
        UseSuccessor,
        Revoke,
        Restrict,
        Reopen,
        CrashInAdvance,
    }

    [Property(MaxTest = 300)]
    public bool Any_history_is_that_of_a_store_in_memory(bool isServer, (Deed Deed, ushort Number)[] history)
    {
        ChannelRole role = isServer ? ChannelRole.Server : ChannelRole.Client;
        SimulatedFile file = new([]);
        KeyFile store = Open(file, role);
        InMemoryKeyStore model = new(role);
        HashSet<string> seen = [];
        for (int i = 0; i < history.Length; i++)
        {
            (Deed step, int number) = (history[i].Deed, (i << 16) | history[i].Number);
            if (step == Deed.Reopen)
            {
                store.DisposeAsync().AsTask().GetAwaiter().GetResult();
                file = new SimulatedFile(file.Bytes);
                store = Open(file, role);
            }
            else if (step == Deed.CrashInAdvance)
            {
                (file, store) = Crash(file, store, role, model, number);
            }
            else
            {
                string inMemory = Outcome(model, step, number);
                string inFile = Outcome(store, step, number);
                if (inMemory != inFile)
                    throw new InvalidOperationException($"{step}: {inMemory} in memory, {inFile} in the file");
            }

            string state = Describe(model);
            if (state != Describe(store))
                throw new InvalidOperationException($"{step}: {state} in memory, {Describe(store)} in the file");
            string[] keys = Keys(model);
            seen.UnionWith(keys);
            string bytes = Convert.ToHexString(file.Bytes);
            if (seen.Except(keys).Any(key => bytes.Contains(key[..32], StringComparison.Ordinal)))
                throw new InvalidOperationException($"{step}: a key that was replaced is in the file");
        }

        return true;
    }

    private static KeyFile Open(SimulatedFile file, ChannelRole role) =>
        KeyFile.Open("file", role, new KeyFileOptions { CreateIfMissing = true }, () => file);

    // The crash leaves the state before or after; the model takes the same way.
    private static (SimulatedFile, KeyFile) Crash(
        SimulatedFile file,
        KeyFile store,
        ChannelRole role,
        InMemoryKeyStore model,
        int number
    )
    {
        int begun = file.Steps;
        string before = Describe(model);
        Outcome(store, Deed.Advance, number);
        byte[][] states = [.. file.CrashStates(begun, everyByte: false)];
        SimulatedFile crashed = new(states[number % states.Length]);
        KeyFile reopened = Open(crashed, role);
        if (Describe(reopened) != before)
            Outcome(model, Deed.Advance, number);
        return (crashed, reopened);
    }

    private static string Outcome(IKeyDirectory store, Deed step, int number)
    {
        try
        {
            Change(store, step, number).GetAwaiter().GetResult();
            return "done";
        }
        catch (Exception e) when (e is InvalidOperationException or KeyNotFoundException or ArgumentException)
        {
            return e.GetType().Name;
        }
    }

    private static async Task Change(IKeyDirectory store, Deed step, int number)
    {
        using StoredKey? key = await store.FindAsync(Id);
        (long serial, long epoch) = key is null ? (1, 0) : (key.Serial, key.Epoch);
        byte[] root = SHA256.HashData(BitConverter.GetBytes(number));
        using var shared = PreSharedKey.Import(Name, root);
        switch (step)
        {
            case Deed.Add:
                await store.AddAsync(shared);
                break;
            case Deed.Rotate:
                await store.RotateAsync(shared);
                break;
            case Deed.Revoke:
                await store.RevokeAsync(Id);
                break;
            case Deed.Restrict:
                CipherSuiteId[] suites = [.. Enum.GetValues<CipherSuiteId>().Except([CipherSuiteId.None])];
                await store.RestrictAsync(Id, [.. suites.Where(suite => (number >> (int)suite) % 2 != 0)]);
                break;
            case Deed.UseSuccessor:
                await store.AdvanceAsync(Id, key?.Successor?.Serial ?? serial, number % 3, root);
                break;
            default:
                long next = step switch
                {
                    Deed.AdvanceFar => epoch + number,
                    Deed.AdvanceBack => epoch - (number % 2),
                    _ => epoch + 1,
                };
                await store.AdvanceAsync(Id, serial, next, root);
                break;
        }
    }

    private static string Describe(IKeyDirectory store)
    {
        using StoredKey? key = store.FindAsync(Id).AsTask().GetAwaiter().GetResult();
        KeyRecord? record = store.DescribeAsync(Id).AsTask().GetAwaiter().GetResult();
        return $"{key?.Serial}/{key?.Successor?.Serial} {record?.Epoch} {record?.IsRotating} {record?.Revoked is null}"
            + $" {string.Join(',', (record?.Suites ?? []).Order())} {string.Join(' ', Keys(store))}";
    }

    private static string[] Keys(IKeyDirectory store)
    {
        using StoredKey? key = store.FindAsync(Id).AsTask().GetAwaiter().GetResult();
        return
        [
            .. from one in (StoredKey?[])[key, key?.Successor]
            where one is not null
            from secret in (string[])[Convert.ToHexString(one.IdentityKey), Convert.ToHexString(one.EpochKey)]
            select secret,
        ];
    }
}
