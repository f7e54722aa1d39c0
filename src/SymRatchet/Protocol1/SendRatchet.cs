using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using SymRatchet.Crypto;

namespace SymRatchet.Protocol1;

/// <summary>
/// The sending half of the ratchet: one key for each record, erased once the record is sealed. Not thread-safe.
/// </summary>
internal sealed class SendRatchet(CipherSuite suite, ReadOnlySpan<byte> firstChainKey) : IDisposable
{
    private readonly ChainState _chain = new(suite, firstChainKey);

    internal ulong Round => _chain.Round;

    internal bool IsErased => _chain.IsErased;

    internal ReadOnlySpan<byte> ChainKey => _chain.ChainKey;

    /// <summary>
    /// Seals one record body (ciphertext and tag) and moves to the next round. The plaintext may be at the same place
    /// as the ciphertext.
    /// </summary>
    /// <param name="round">The round of the header.</param>
    /// <param name="header">The header as sent, authenticated with the record.</param>
    /// <param name="plaintext">The plaintext.</param>
    /// <param name="body">Receives ciphertext and tag.</param>
    [SkipLocalsInit]
    internal void Seal(ulong round, ReadOnlySpan<byte> header, ReadOnlySpan<byte> plaintext, Span<byte> body)
    {
        Span<byte> keys = stackalloc byte[CipherSuite.StepSize];
        try
        {
            _chain.Step(keys);
            _chain.Suite.Seal(keys[CipherSuite.KeySize..], round, header, plaintext, body);
            _chain.Advance(keys[..CipherSuite.KeySize], body[plaintext.Length..]);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(keys);
        }
    }

    public void Dispose() => _chain.Dispose();
}
