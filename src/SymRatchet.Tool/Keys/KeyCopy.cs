using System.Security.Cryptography;

namespace SymRatchet.Tool.Keys;

/// <summary>
/// Brings a stored key to another store, with the one that waits beside it; what is there already is left, so it
/// can be done again.
/// </summary>
internal static class KeyCopy
{
    internal static async Task BringAsync(StoredKey key, OpenedStore target, CancellationToken cancellationToken)
    {
        using StoredKey? present = await target.Directory.FindAsync(key.Id, cancellationToken);
        if (present is null)
            await target.Directory.AddAsync(key, cancellationToken);
        else if (
            !IsSame(key, present)
            || !IsAllowedTheSame(key, present)
            || (present.Successor is { } other && (key.Successor is null || !IsSame(key.Successor, other)))
        )
            throw new ToolException($"{key.Id} is in {target.Name} already, with another key or at another epoch");
        if (key.Successor is not null && present?.Successor is null)
            await target.Directory.RotateAsync(key.Successor, cancellationToken);
    }

    /// <summary>Returns whether a store holds exactly this key, successor included.</summary>
    internal static async Task<bool> IsThereAsync(
        StoredKey key,
        OpenedStore target,
        CancellationToken cancellationToken
    )
    {
        using StoredKey? present = await target.Directory.FindAsync(key.Id, cancellationToken);
        return present is not null
            && IsSame(key, present)
            && IsAllowedTheSame(key, present)
            && (
                key.Successor is { } successor
                    ? present.Successor is { } other && IsSame(successor, other)
                    : present.Successor is null
            );
    }

    private static bool IsAllowedTheSame(StoredKey one, StoredKey other) =>
        one.Suites.ToHashSet().SetEquals(other.Suites);

    private static bool IsSame(StoredKey one, StoredKey other) =>
        one.Protocol == other.Protocol
        && one.Evolution == other.Evolution
        && one.Epoch == other.Epoch
        && CryptographicOperations.FixedTimeEquals(one.IdentityKey, other.IdentityKey)
        && CryptographicOperations.FixedTimeEquals(one.EpochKey, other.EpochKey);
}
