using System.Security.Cryptography;
using System.Text;

namespace SymRatchet.KeyStores.Tests.Contract;

/// <summary>
/// Keys that a test can compute again: the pre-shared key of an id is the hash of its name, and an epoch's key that of
/// its number.
/// </summary>
internal static class TestKeys
{
    internal static PreSharedKey Shared(
        string name,
        int generation = 0,
        KeyEvolution evolution = KeyEvolution.Forward
    ) =>
        PreSharedKey.Import(
            name,
            SHA256.HashData(Encoding.UTF8.GetBytes($"{name}/{generation}")),
            evolution: evolution
        );

    /// <summary>A root key that says which epoch it is of.</summary>
    internal static byte[] Root(string name, long epoch) => SHA256.HashData(Encoding.UTF8.GetBytes($"{name}@{epoch}"));

    internal static async Task<long> SerialAsync(this IKeyStore store, string name)
    {
        using StoredKey? key = await store.FindAsync(name);
        return key!.Serial;
    }

    internal static async Task AdvanceAsync(this IKeyStore store, string name, long epoch) =>
        await store.AdvanceAsync(name, await store.SerialAsync(name), epoch, Root(name, epoch));

    internal static async Task<long?> EpochAsync(this IKeyStore store, string name)
    {
        using StoredKey? key = await store.FindAsync(name);
        return key?.Epoch;
    }

    internal static async Task<bool> HoldsAsync(
        this IKeyStore store,
        string name,
        PreSharedKey shared,
        ChannelRole role
    )
    {
        using StoredKey expected = shared.ImportFor(role);
        using StoredKey? key = await store.FindAsync(name);
        return key!.IdentityKey.SequenceEqual(expected.IdentityKey);
    }
}
