using Microsoft.AspNetCore.Authentication;

namespace SymRatchet.AspNetCore;

/// <summary>Provides the authentication of requests by their channel.</summary>
public static class SymRatchetAuthenticationExtensions
{
    /// <summary>Adds a scheme that authenticates a request by the identity of its channel.</summary>
    /// <param name="builder">The authentication builder.</param>
    /// <param name="scheme">The name of the scheme.</param>
    /// <returns>The builder.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> is null.</exception>
    /// <remarks>
    /// The client's id is the name of the user, for <c>[Authorize]</c>, policies and rate limits by user. The client
    /// needs nothing beyond its handshake.
    /// </remarks>
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
