using System.Globalization;
using System.Security.Cryptography;
using SymRatchet.Crypto;

namespace SymRatchet.Seed;

/// <summary>
/// The two keys of one direction and their evolution. <c>H</c> is SHA-256 cut to 16 bytes; a step replaces a key by
/// <c>H(key || input)</c>. Not thread-safe.
/// </summary>
internal sealed class SeedKeys : IDisposable
{
    internal const int KeySize = 16;

    private readonly SecretBytes _keys = new(2 * KeySize);

    // One hash object for the session, because creating one allocates.
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    private SeedKeys() { }

    /// <summary>Returns the id under which a store holds the client of this number.</summary>
    internal static ClientId IdOf(byte client) => client.ToString(CultureInfo.InvariantCulture);

    internal ReadOnlySpan<byte> EncryptionKey => _keys.Span[..KeySize];

    internal ReadOnlySpan<byte> MacKey => _keys.Span[KeySize..];

    internal bool IsErased => _keys.IsErased;

    internal static SeedKeys ClientToServer(ReadOnlySpan<byte> masterKey) =>
        Derive(masterKey, "C2S-ENC"u8, "C2S-MAC"u8);

    internal static SeedKeys ServerToClient(ReadOnlySpan<byte> masterKey) =>
        Derive(masterKey, "S2C-ENC"u8, "S2C-MAC"u8);

    /// <summary>Moves both keys forward after a message of this direction.</summary>
    internal void Evolve(ReadOnlySpan<byte> encryptionInput, ReadOnlySpan<byte> macInput)
    {
        Hash(_keys.Span[..KeySize], encryptionInput, _keys.Span[..KeySize]);
        Hash(_keys.Span[KeySize..], macInput, _keys.Span[KeySize..]);
    }

    public void Dispose()
    {
        _keys.Dispose();
        _hash.Dispose();
    }

    private static SeedKeys Derive(
        ReadOnlySpan<byte> masterKey,
        ReadOnlySpan<byte> encryptionLabel,
        ReadOnlySpan<byte> macLabel
    )
    {
        SeedKeys keys = new();
        keys.Hash(masterKey, encryptionLabel, keys._keys.Span[..KeySize]);
        keys.Hash(masterKey, macLabel, keys._keys.Span[KeySize..]);
        return keys;
    }

    private void Hash(ReadOnlySpan<byte> key, ReadOnlySpan<byte> input, Span<byte> destination)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        try
        {
            _hash.AppendData(key);
            _hash.AppendData(input);
            _hash.GetHashAndReset(digest);
            digest[..KeySize].CopyTo(destination);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(digest);
        }
    }
}
