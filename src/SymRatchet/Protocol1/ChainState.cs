using System.Security.Cryptography;
using SymRatchet.Crypto;

namespace SymRatchet.Protocol1;

/// <summary>
/// The chain of one direction (docs/protocol.md, 6.1): chain key, tag of the previous record, and round. Not
/// thread-safe.
/// </summary>
internal sealed class ChainState : IDisposable
{
    private readonly SecretBytes _chain;
    private readonly byte[] _previousTag = new byte[CipherSuite.MaxTagSize];
    private int _previousTagSize = CipherSuite.MaxTagSize;

    internal ChainState(CipherSuite suite, ReadOnlySpan<byte> firstChainKey)
    {
        Suite = suite;
        _chain = new SecretBytes(firstChainKey);
    }

    internal CipherSuite Suite { get; }

    internal ulong Round { get; private set; }

    internal bool IsErased => _chain.IsErased;

    /// <summary>The chain key, for tests that compare both ends.</summary>
    internal ReadOnlySpan<byte> ChainKey => _chain.Span;

    /// <summary>
    /// Computes the next chain key and this round's message key without changing the state. Before the first record the
    /// tag is 32 zero bytes in every suite.
    /// </summary>
    internal void Step(Span<byte> nextChainAndMessageKey) =>
        Suite.Step(Labels.Step, _chain.Span, _previousTag.AsSpan(0, _previousTagSize), nextChainAndMessageKey);

    /// <summary>Moves to the next round and overwrites the chain key.</summary>
    internal void Advance(ReadOnlySpan<byte> nextChainKey, ReadOnlySpan<byte> tag)
    {
        nextChainKey.CopyTo(_chain.Span);
        tag.CopyTo(_previousTag);
        _previousTagSize = tag.Length;
        Round++;
    }

    public void Dispose()
    {
        _chain.Dispose();
        CryptographicOperations.ZeroMemory(_previousTag);
    }
}
