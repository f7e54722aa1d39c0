using System.Security.Cryptography;

namespace SymRatchet;

/// <summary>
/// Writes keys down as they are: what protects them is who may read the store. For stores that are given no other
/// wrapper. Thread-safe.
/// </summary>
public sealed class PlaintextKeyWrapper : IKeyWrapper
{
    private PlaintextKeyWrapper() { }

    /// <summary>The one object of this type; it has no state.</summary>
    public static PlaintextKeyWrapper Instance { get; } = new();

    /// <inheritdoc/>
    public ValueTask<byte[]> WrapAsync(
        ReadOnlyMemory<byte> key,
        KeyWrapContext place,
        CancellationToken cancellationToken = default
    )
    {
        // Pinned, so that the collector leaves no copies of what the store erases.
        byte[] plain = GC.AllocateUninitializedArray<byte>(key.Length, pinned: true);
        key.CopyTo(plain);
        return ValueTask.FromResult(plain);
    }

    /// <inheritdoc/>
    public ValueTask<bool> UnwrapAsync(
        ReadOnlyMemory<byte> wrapped,
        KeyWrapContext place,
        Memory<byte> key,
        CancellationToken cancellationToken = default
    )
    {
        if (wrapped.Length != key.Length)
            return ValueTask.FromException<bool>(
                new CryptographicException(
                    $"A key of {key.Length} bytes was expected, and {wrapped.Length} bytes were found."
                        + " Are the keys of this store wrapped?"
                )
            );
        wrapped.CopyTo(key);
        return ValueTask.FromResult(true);
    }
}
