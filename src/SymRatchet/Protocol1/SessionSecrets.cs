using System.Security.Cryptography;
using SymRatchet.Crypto;

namespace SymRatchet.Protocol1;

/// <summary>
/// The keys derived from the root key and the transcript hash: those of both finished MACs and of both chains
/// (docs/protocol.md, 5.2, 5.3 and 5.6). The session secret itself exists only in the constructor.
/// </summary>
internal sealed class SessionSecrets : IDisposable
{
    private const int KeySize = 32;

    private readonly SecretBytes _keys = new(KeySize, count: 4);
    private readonly byte[] _transcriptHash;

    internal SessionSecrets(ReadOnlySpan<byte> epochKey, ReadOnlySpan<byte> transcriptHash)
    {
        _transcriptHash = transcriptHash.ToArray();
        Span<byte> secret = stackalloc byte[KeySize];
        try
        {
            Hkdf.Expand(epochKey, [.. Labels.Session, .. transcriptHash], secret);
            Hkdf.Expand(secret, Labels.ServerFinished, ServerFinishedKey);
            Hkdf.Expand(secret, Labels.ClientFinished, ClientFinishedKey);
            Hkdf.Expand(secret, Labels.ClientToServer, ClientToServerChain);
            Hkdf.Expand(secret, Labels.ServerToClient, ServerToClientChain);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
        }
    }

    /// <summary>The first chain keys. After the ratchets have copied them, this object is disposed.</summary>
    internal Span<byte> ClientToServerChain => _keys[2];

    internal Span<byte> ServerToClientChain => _keys[3];

    internal bool IsErased => _keys.IsErased;

    private Span<byte> ServerFinishedKey => _keys[0];

    private Span<byte> ClientFinishedKey => _keys[1];

    /// <summary>Computes <c>mac_s</c>, over the transcript hash.</summary>
    internal void ServerFinished(Span<byte> mac) => Hmac.Compute(ServerFinishedKey, _transcriptHash, mac);

    /// <summary>Computes <c>mac_c</c>, over the transcript hash and the header of CLIENT_CONFIRM.</summary>
    internal void ClientFinished(ReadOnlySpan<byte> confirmHeader, Span<byte> mac) =>
        Hmac.Compute(ClientFinishedKey, [.. _transcriptHash, .. confirmHeader], mac);

    internal bool VerifyServerFinished(ReadOnlySpan<byte> mac)
    {
        Span<byte> expected = stackalloc byte[HandshakeMacs.Size];
        ServerFinished(expected);
        return CryptographicOperations.FixedTimeEquals(expected, mac);
    }

    internal bool VerifyClientFinished(ReadOnlySpan<byte> confirmHeader, ReadOnlySpan<byte> mac)
    {
        Span<byte> expected = stackalloc byte[HandshakeMacs.Size];
        ClientFinished(confirmHeader, expected);
        return CryptographicOperations.FixedTimeEquals(expected, mac);
    }

    public void Dispose() => _keys.Dispose();
}
