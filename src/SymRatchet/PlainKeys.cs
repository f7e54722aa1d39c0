using System.Security.Cryptography;

namespace SymRatchet;

/// <summary>Writes keys down as they are: what protects them is who may read the store. For stores that are given no other wrapper. Thread-safe.</summary>
public sealed class PlainKeys : IKeyWrapper
{
    private PlainKeys()
    {
    }

    /// <summary>The one object of this type; it has no state.</summary>
    public static PlainKeys Instance { get; } = new();

    /// <inheritdoc/>
    public byte[] Wrap(ReadOnlySpan<byte> key, KeyPlace place)
    {
        // Pinned, so that the collector leaves no copies of what the store erases.
        byte[] plain = GC.AllocateUninitializedArray<byte>(key.Length, pinned: true);
        key.CopyTo(plain);
        return plain;
    }

    /// <inheritdoc/>
    public bool Unwrap(ReadOnlySpan<byte> wrapped, KeyPlace place, Span<byte> key)
    {
        if (wrapped.Length != key.Length)
            throw new CryptographicException($"A key of {key.Length} bytes was expected, and {wrapped.Length} bytes were found. Are the keys of this store wrapped?");
        wrapped.CopyTo(key);
        return true;
    }
}
