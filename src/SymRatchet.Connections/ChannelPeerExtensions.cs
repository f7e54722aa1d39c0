using System.Security.Claims;

namespace SymRatchet.Connections;

/// <summary>Describes a channel's peer in the platform's own terms. Thread-safe.</summary>
public static class ChannelPeerExtensions
{
    /// <summary>The authentication type, and the issuer of claims, unless others are given.</summary>
    public const string AuthenticationType = "SymRatchet";

    /// <summary>The type of the claim with the session's cipher suite.</summary>
    public const string SuiteClaim = "symratchet:suite";

    /// <summary>
    /// Returns the client that a server's handshake has proven as an authenticated user: the client's id, as
    /// <see cref="ChannelPeer.ClientId"/> shows it, is its <see cref="ClaimTypes.Name"/> and its
    /// <see cref="ClaimTypes.NameIdentifier"/>, and <see cref="SuiteClaim"/> is the session's suite.
    /// </summary>
    /// <param name="peer">A peer in the role of the client.</param>
    /// <param name="authenticationType">The identity's authentication type.</param>
    /// <param name="issuer">The issuer of the claims; the authentication type where it is null.</param>
    /// <exception cref="ArgumentException">
    /// The peer is a server: a client proves no name of its server's, only that it has the key.
    /// </exception>
    public static ClaimsPrincipal ToClaimsPrincipal(
        this ChannelPeer peer,
        string authenticationType = AuthenticationType,
        string? issuer = null
    )
    {
        ArgumentNullException.ThrowIfNull(peer);
        ArgumentException.ThrowIfNullOrEmpty(authenticationType);
        if (peer.Role != ChannelRole.Client)
            throw new ArgumentException("The peer is a server, which has no id.", nameof(peer));
        issuer ??= authenticationType;
        Claim[] claims =
        [
            new(ClaimTypes.NameIdentifier, peer.ClientId.ToString(), ClaimValueTypes.String, issuer),
            new(ClaimTypes.Name, peer.ClientId.ToString(), ClaimValueTypes.String, issuer),
            new(SuiteClaim, $"{peer.Suite}", ClaimValueTypes.String, issuer),
        ];
        return new ClaimsPrincipal(new ClaimsIdentity(claims, authenticationType));
    }
}
