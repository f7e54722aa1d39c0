using System.Security.Cryptography;

namespace SymRatchet.KeyStores;

/// <summary>A wrapped key, and the memory into which it is opened.</summary>
/// <param name="wrapped">What the row holds; erased with this.</param>
/// <param name="context">Where the key is kept.</param>
/// <param name="length">How long the key is.</param>
internal sealed class SealedPart(byte[] wrapped, KeyWrapContext context, int length) : IDisposable
{
    // Pinned, so that the collector leaves no copies.
    private readonly byte[] _key = GC.AllocateArray<byte>(length, pinned: true);

    internal ReadOnlyMemory<byte> Wrapped => wrapped;

    internal KeyWrapContext Context => context;

    internal Memory<byte> Key => _key;

    /// <summary>Gets whether it is a decoy, which belongs to no client.</summary>
    internal bool IsDecoy { get; init; }

    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(wrapped);
        CryptographicOperations.ZeroMemory(_key);
    }
}
