using System.Security.Cryptography;

namespace SymRatchet;

/// <summary>Leaves keys unencrypted, so that only the access rights of the store protect them.</summary>
/// <remarks>The default of stores without another wrapper. Thread-safe.</remarks>
public sealed class PlaintextKeyWrapper : IKeyWrapper
{
    private PlaintextKeyWrapper() { }

    /// <summary>Gets the only instance, which has no state.</summary>
    public static PlaintextKeyWrapper Instance { get; } = new();

    /// <inheritdoc/>
    public ValueTask<byte[]> WrapAsync(
        ReadOnlyMemory<byte> key,
        KeyWrapContext context,
        CancellationToken cancellationToken = default
    )
    {
        // Pinned, so that the garbage collector leaves no copies of what the store erases.
        byte[] plain = GC.AllocateUninitializedArray<byte>(key.Length, pinned: true);
        key.CopyTo(plain);
        return ValueTask.FromResult(plain);
    }

    /// <inheritdoc/>
    public ValueTask<bool> UnwrapAsync(
        ReadOnlyMemory<byte> wrapped,
        KeyWrapContext context,
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
