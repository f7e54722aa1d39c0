using System.Security.Claims;

namespace SymRatchet.Connections;

/// <summary>Converts a channel's peer to a claims principal.</summary>
/// <remarks>Thread-safe.</remarks>
public static class ChannelPeerExtensions
{
    /// <summary>The default authentication type and issuer of claims.</summary>
    public const string AuthenticationType = "SymRatchet";

    /// <summary>The type of the claim that contains the session's cipher suite.</summary>
    public const string SuiteClaim = "symratchet:suite";

    /// <summary>Returns an authenticated client as a claims principal.</summary>
    /// <param name="peer">A peer in the role of the client.</param>
    /// <param name="authenticationType">The identity's authentication type.</param>
    /// <param name="issuer">The issuer of the claims; null for the authentication type.</param>
    /// <exception cref="ArgumentNullException"><paramref name="peer"/> is null.</exception>
    /// <exception cref="ArgumentException">
    /// The peer is a server, which has no id: to a client it proves only that it has the key.
    /// </exception>
    /// <remarks>
    /// The text form of <see cref="ChannelPeer.ClientId"/> is its <see cref="ClaimTypes.Name"/> and its
    /// <see cref="ClaimTypes.NameIdentifier"/>; <see cref="SuiteClaim"/> is the session's suite.
    /// </remarks>
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
