using System.Security.Cryptography;

namespace SymRatchet.KeyStores;

/// <summary>The keys of one identity as they are written down. They may be plain ones, so they are erased when disposed.</summary>
/// <param name="Identity">The key that never changes; empty for a key of the seed protocol, which has none.</param>
/// <param name="Root">The root key.</param>
internal sealed record WrappedKey(byte[] Identity, byte[] Root) : IDisposable
{
    /// <summary>Wraps a key for the place that it gets.</summary>
    internal static WrappedKey Of(StoredKey key, long serial, IKeyWrapper wrapper) => new(
        key.IdentityKey.IsEmpty ? [] : wrapper.Wrap(key.IdentityKey, new KeyPlace(key.Role, key.Id, serial, null)),
        wrapper.Wrap(key.EpochKey, new KeyPlace(key.Role, key.Id, serial, key.Epoch)));

    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(Identity);
        CryptographicOperations.ZeroMemory(Root);
    }

    /// <summary>Never shows the keys, which need not be wrapped in anything.</summary>
    public override string ToString() => nameof(WrappedKey);
}
