using SymRatchet.Connections;

namespace SymRatchet.AspNetCore;

/// <summary>Names of the authentication by channel.</summary>
public static class SymRatchetAuthenticationDefaults
{
    /// <summary>The scheme, unless another is given.</summary>
    public const string AuthenticationScheme = ChannelPeerExtensions.AuthenticationType;
}
