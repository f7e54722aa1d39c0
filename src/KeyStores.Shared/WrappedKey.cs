using System.Security.Cryptography;

namespace SymRatchet.KeyStores;

/// <summary>
/// The keys of one identity as they are written down. They may be plain ones, so they are erased when disposed.
/// </summary>
/// <param name="Identity">The key that never changes; empty for a key of the seed protocol, which has none.</param>
/// <param name="Root">The root key.</param>
internal sealed record WrappedKey(byte[] Identity, byte[] Root) : IDisposable
{
    /// <summary>The key that follows this one; null for none. Disposed with this.</summary>
    internal WrappedKey? Next { get; init; }

    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(Identity);
        CryptographicOperations.ZeroMemory(Root);
        Next?.Dispose();
    }

    /// <summary>Never shows the keys, which need not be wrapped in anything.</summary>
    public override string ToString() => nameof(WrappedKey);
}
