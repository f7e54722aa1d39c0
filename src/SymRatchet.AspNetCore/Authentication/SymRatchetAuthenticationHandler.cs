using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using SymRatchet.Connections;

namespace SymRatchet.AspNetCore;

/// <summary>
/// Authenticates a request by the identity that the channel's handshake has proven. A request without a channel has no
/// result.
/// </summary>
internal sealed class SymRatchetAuthenticationHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> options,
    ILoggerFactory logger,
    UrlEncoder encoder
) : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (Context.GetSymRatchetPeer() is not { } peer)
            return Task.FromResult(AuthenticateResult.NoResult());

        ClaimsPrincipal principal = peer.ToClaimsPrincipal(Scheme.Name, ClaimsIssuer);
        return Task.FromResult(AuthenticateResult.Success(new AuthenticationTicket(principal, Scheme.Name)));
    }
}
