namespace SymRatchet.KeyStores.Tests.Wrapping;

/// <summary>A wrapper that does its work before it returns, and holds its thread for as long.</summary>
internal abstract class SyncWrapper : IKeyWrapper
{
    protected abstract byte[] Wrap(ReadOnlySpan<byte> key, KeyWrapContext context);

    protected virtual bool Unwrap(ReadOnlySpan<byte> wrapped, KeyWrapContext context, Span<byte> key)
    {
        if (wrapped.Length != key.Length)
            throw new System.Security.Cryptography.CryptographicException("It is of another length.");
        wrapped.CopyTo(key);
        return true;
    }

    public ValueTask<byte[]> WrapAsync(
        ReadOnlyMemory<byte> key,
        KeyWrapContext context,
        CancellationToken cancellationToken = default
    ) => ValueTask.FromResult(Wrap(key.Span, context));

    public ValueTask<bool> UnwrapAsync(
        ReadOnlyMemory<byte> wrapped,
        KeyWrapContext context,
        Memory<byte> key,
        CancellationToken cancellationToken = default
    ) => ValueTask.FromResult(Unwrap(wrapped.Span, context, key.Span));
}
