using System.Security.Claims;
using Microsoft.AspNetCore.Connections.Features;

namespace SymRatchet.Connections;

internal sealed class ConnectionUserFeature(ClaimsPrincipal user) : IConnectionUserFeature
{
    public ClaimsPrincipal? User { get; set; } = user;
}
