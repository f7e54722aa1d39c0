using System.Buffers.Binary;
using System.Security.Cryptography;

namespace SymRatchet.Documents.Tests.Examples;

/// <summary>A key service as one might have it, whose keys have versions.</summary>
internal interface IKeyService
{
    // Returns the newest key if version is null; throws if the key of that version was destroyed.
    Task<ServiceKey> GetAsync(int? version, CancellationToken cancellationToken);
}

/// <summary>A key of the service, for one operation.</summary>
internal sealed record ServiceKey(int Version, bool IsNewest, AesGcm Aes) : IDisposable
{
    public void Dispose() => Aes.Dispose();
}

/// <summary>Wraps keys under those of the service. The guide to key stores shows it.</summary>
internal sealed class ServiceKeyWrapper(IKeyService service) : IKeyWrapper
{
    public async ValueTask<byte[]> WrapAsync(
        ReadOnlyMemory<byte> key,
        KeyWrapContext context,
        CancellationToken cancellationToken = default
    )
    {
        using ServiceKey newest = await service.GetAsync(version: null, cancellationToken);
        byte[] wrapped = new byte[32 + key.Length]; // the version, a nonce, the tag, the key
        BinaryPrimitives.WriteInt32LittleEndian(wrapped, newest.Version);
        Span<byte> nonce = wrapped.AsSpan(4, 12);
        RandomNumberGenerator.Fill(nonce);
        newest.Aes.Encrypt(nonce, key.Span, wrapped.AsSpan(32), wrapped.AsSpan(16, 16), context.ToBytes());
        return wrapped;
    }

    public async ValueTask<bool> UnwrapAsync(
        ReadOnlyMemory<byte> wrapped,
        KeyWrapContext context,
        Memory<byte> key,
        CancellationToken cancellationToken = default
    )
    {
        if (wrapped.Length != 32 + key.Length)
            throw new CryptographicException("It is not a wrapped key.");
        int version = BinaryPrimitives.ReadInt32LittleEndian(wrapped.Span);
        using ServiceKey used = await service.GetAsync(version, cancellationToken);
        ReadOnlySpan<byte> all = wrapped.Span;
        used.Aes.Decrypt(all[4..16], all[32..], all[16..32], key.Span, context.ToBytes()); // throws if it was forged
        return used.IsNewest;
    }
}
