using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using SymRatchet.Crypto;

namespace SymRatchet.Protocol1;

/// <summary>
/// The receiving half of the ratchet. It moves only after a tag has verified, so an attacker cannot move it. The stream
/// is ordered: there is no cache of skipped keys, and a gap is fatal. Not thread-safe.
/// </summary>
internal sealed class ReceiveRatchet(CipherSuite suite, ReadOnlySpan<byte> firstChainKey) : IDisposable
{
    private readonly ChainState _chain = new(suite, firstChainKey);

    internal ulong Round => _chain.Round;

    internal bool IsErased => _chain.IsErased;

    internal ReadOnlySpan<byte> ChainKey => _chain.ChainKey;

    /// <summary>
    /// Opens one record body and moves to the next round; on failure clears the plaintext and does not move. The
    /// plaintext may be at the same place as the ciphertext.
    /// </summary>
    /// <param name="round">The round of the header; may differ from the chain's in a TERMINATE only.</param>
    /// <param name="header">The header as received.</param>
    /// <param name="body">Ciphertext and tag.</param>
    /// <param name="plaintext">Receives the plaintext; as long as the body without its tag.</param>
    [SkipLocalsInit]
    internal bool Open(ulong round, ReadOnlySpan<byte> header, ReadOnlySpan<byte> body, Span<byte> plaintext)
    {
        Span<byte> keys = stackalloc byte[CipherSuite.StepSize];
        try
        {
            _chain.Step(keys);
            if (!_chain.Suite.Open(keys[CipherSuite.KeySize..], round, header, body, plaintext))
                return false;
            _chain.Advance(keys[..CipherSuite.KeySize], body[^_chain.Suite.TagSize..]);
            return true;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(keys);
        }
    }

    public void Dispose() => _chain.Dispose();
}
