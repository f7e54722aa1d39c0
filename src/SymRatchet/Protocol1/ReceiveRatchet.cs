using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using SymRatchet.Crypto;

namespace SymRatchet.Protocol1;

/// <summary>
/// The receiving half of the ratchet. It moves only after a tag verified: nothing that an attacker sends moves a key. A
/// stream is ordered, so there is no cache of skipped keys; a gap is fatal. Not thread-safe.
/// </summary>
internal sealed class ReceiveRatchet(CipherSuite suite, ReadOnlySpan<byte> firstChainKey) : IDisposable
{
    private readonly ChainState _chain = new(suite, firstChainKey);

    internal ulong Round => _chain.Round;

    internal bool IsErased => _chain.IsErased;

    internal ReadOnlySpan<byte> ChainKey => _chain.ChainKey;

    /// <summary>
    /// Opens one record body and moves on, or moves nothing and clears the plaintext. The plaintext may lie where the
    /// ciphertext is.
    /// </summary>
    /// <param name="round">The round of the header: the chain's own, but for a last word out of turn.</param>
    /// <param name="header">The header as received.</param>
    /// <param name="body">Ciphertext and tag.</param>
    /// <param name="plaintext">Takes the body's length less the tag.</param>
    [SkipLocalsInit]
    internal bool Open(ulong round, ReadOnlySpan<byte> header, ReadOnlySpan<byte> body, Span<byte> plaintext)
    {
        Span<byte> keys = stackalloc byte[ChainState.StepSize];
        try
        {
            _chain.Step(keys);
            if (!_chain.Suite.Open(keys[ChainState.KeySize..], round, header, body, plaintext))
                return false;
            _chain.Advance(keys[..ChainState.KeySize], body[^_chain.Suite.TagSize..]);
            return true;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(keys);
        }
    }

    public void Dispose() => _chain.Dispose();
}
