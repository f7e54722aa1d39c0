using Microsoft.AspNetCore.Authentication;

namespace SymRatchet.AspNetCore;

/// <summary>Authentication by the channel that a request came over.</summary>
public static class SymRatchetAuthenticationExtensions
{
    /// <summary>
    /// Makes the channel's identity the request's user, with the client's id as its name, so that <c>[Authorize]</c>,
    /// policies and rate limits by user work. Nothing is asked of the client beyond its handshake.
    /// </summary>
    /// <param name="builder">The authentication.</param>
    /// <param name="scheme">The scheme's name.</param>
    public static AuthenticationBuilder AddSymRatchet(
        this AuthenticationBuilder builder,
        string scheme = SymRatchetAuthenticationDefaults.AuthenticationScheme
    )
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.AddScheme<AuthenticationSchemeOptions, SymRatchetAuthenticationHandler>(
            scheme,
            configureOptions: null
        );
    }
}
