using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;

namespace SymRatchet.KeyStores.DataProtection;

/// <summary>
/// Wraps keys with ASP.NET Core Data Protection: authenticated encryption under a key ring of its own, whose newest key
/// wraps and all of whose keys unwrap. Thread-safe.
/// </summary>
/// <remarks>
/// The key ring must be kept elsewhere than the store, and be shared by all processes that share the store. Without it
/// the store is lost. To make old copies of a store unreadable, let the ring have a new key, call the store's
/// <c>RewrapAsync</c>, and delete the old keys from where the ring is kept.
/// </remarks>
public sealed class DataProtectionKeyWrapper : IKeyWrapper
{
    private const string Purpose = "SymRatchet.KeyStores.DataProtection 1";
    private const int TagSize = SHA256.HashSizeInBytes;

    // One for each thread: to allocate pinned memory of any other size than a key's takes long where there is much of
    // it.
    [ThreadStatic]
    private static byte[]? _content;

    private readonly IPersistedDataProtector _protector;

    /// <summary>
    /// Initializes a new instance of the <see cref="DataProtectionKeyWrapper"/> class with a protector of its own, so
    /// that nothing that was protected for another purpose opens as a key.
    /// </summary>
    /// <param name="provider">The key ring. An ephemeral one takes the store with it when the process ends.</param>
    /// <exception cref="ArgumentException">
    /// The provider is not that of Data Protection itself, and does not report which of its keys wrapped a key.
    /// </exception>
    public DataProtectionKeyWrapper(IDataProtectionProvider provider)
    {
        ArgumentNullException.ThrowIfNull(provider);
        _protector =
            provider.CreateProtector(Purpose) as IPersistedDataProtector
            ?? throw new ArgumentException(
                "The provider's protectors do not tell which key of their ring was used.",
                nameof(provider)
            );
    }

    /// <inheritdoc/>
    public ValueTask<byte[]> WrapAsync(
        ReadOnlyMemory<byte> key,
        KeyWrapContext context,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(context);
        try
        {
            return ValueTask.FromResult(Wrap(key.Span, context));
        }
        catch (CryptographicException e)
        {
            return ValueTask.FromException<byte[]>(e);
        }
    }

    /// <inheritdoc/>
    public ValueTask<bool> UnwrapAsync(
        ReadOnlyMemory<byte> wrapped,
        KeyWrapContext context,
        Memory<byte> key,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(context);
        try
        {
            return ValueTask.FromResult(Unwrap(wrapped.Span, context, key.Span));
        }
        catch (CryptographicException e)
        {
            return ValueTask.FromException<bool>(e);
        }
    }

    private byte[] Wrap(ReadOnlySpan<byte> key, KeyWrapContext context)
    {
        // Data Protection takes no associated data, so a hash of the context is encrypted with the key.
        if (_content?.Length != TagSize + key.Length)
            _content = GC.AllocateArray<byte>(TagSize + key.Length, pinned: true);
        byte[] content = _content;
        try
        {
            SHA256.HashData(context.ToBytes(), content);
            key.CopyTo(content.AsSpan(TagSize));
            return _protector.Protect(content);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(content);
        }
    }

    private bool Unwrap(ReadOnlySpan<byte> wrapped, KeyWrapContext context, Span<byte> key)
    {
        byte[] content = _protector.DangerousUnprotect(
            wrapped.ToArray(),
            ignoreRevocationErrors: false,
            out bool requiresMigration,
            out _
        );
        try
        {
            if (
                content.Length != TagSize + key.Length
                || !CryptographicOperations.FixedTimeEquals(
                    SHA256.HashData(context.ToBytes()),
                    content.AsSpan(0, TagSize)
                )
            )
                throw new CryptographicException("The key was wrapped for another context.");
            content.AsSpan(TagSize).CopyTo(key);
            return !requiresMigration;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(content);
        }
    }
}
