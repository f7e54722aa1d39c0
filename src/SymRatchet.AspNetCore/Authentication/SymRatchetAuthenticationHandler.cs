using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace SymRatchet.AspNetCore;

/// <summary>Takes the identity that the channel's handshake has proven. A request that came over no channel has none.</summary>
internal sealed class SymRatchetAuthenticationHandler(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (Context.GetSymRatchetPeer() is not { } peer)
            return Task.FromResult(AuthenticateResult.NoResult());

        string name = peer.ClientId.ToString();
        string issuer = ClaimsIssuer ?? Scheme.Name;
        Claim[] claims =
        [
            new(ClaimTypes.NameIdentifier, name, ClaimValueTypes.String, issuer),
            new(ClaimTypes.Name, name, ClaimValueTypes.String, issuer),
            new(SymRatchetAuthenticationDefaults.SuiteClaim, $"{peer.Suite}", ClaimValueTypes.String, issuer),
        ];
        ClaimsPrincipal principal = new(new ClaimsIdentity(claims, Scheme.Name));
        return Task.FromResult(AuthenticateResult.Success(new AuthenticationTicket(principal, Scheme.Name)));
    }
}
