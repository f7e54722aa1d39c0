namespace SymRatchet.KeyStores;

/// <summary>The keys of one identity as they are written down.</summary>
/// <param name="Identity">The key that never changes; empty for a key of the seed protocol, which has none.</param>
/// <param name="Root">The root key.</param>
internal sealed record WrappedKey(byte[] Identity, byte[] Root)
{
    /// <summary>Wraps a key for the place that it gets.</summary>
    internal static WrappedKey Of(StoredKey key, long serial, IKeyWrapper wrapper) => new(
        key.IdentityKey.IsEmpty ? [] : wrapper.Wrap(key.IdentityKey, new KeyPlace(key.Role, key.Id, serial, null)),
        wrapper.Wrap(key.EpochKey, new KeyPlace(key.Role, key.Id, serial, key.Epoch)));

    /// <summary>Never shows the keys, which need not be wrapped in anything.</summary>
    public override string ToString() => nameof(WrappedKey);
}
