using SymRatchet.Connections;

namespace SymRatchet.AspNetCore;

/// <summary>Provides the default values of the authentication by channel.</summary>
public static class SymRatchetAuthenticationDefaults
{
    /// <summary>The default name of the authentication scheme.</summary>
    public const string AuthenticationScheme = ChannelPeerExtensions.AuthenticationType;
}
