namespace SymRatchet.Tunnel.Routing;

/// <summary>Which client goes where. Immutable.</summary>
internal sealed class RouteTable(
    (IdPattern Id, TunnelEndPoint Target)[] routes,
    TunnelEndPoint? others,
    IdPattern[] allowed
)
{
    /// <summary>Returns the target of a client.</summary>
    /// <param name="client">The client's id.</param>
    /// <param name="refusal">Why it has none; null if it has one.</param>
    internal TunnelEndPoint? Find(ClientId client, out string? refusal)
    {
        string id = client.ToString();
        if (allowed.Length > 0 && !Array.Exists(allowed, pattern => pattern.Matches(id)))
        {
            refusal = "the id is not allowed";
            return null;
        }

        foreach ((IdPattern pattern, TunnelEndPoint target) in routes)
        {
            if (pattern.Matches(id))
            {
                refusal = null;
                return target;
            }
        }

        refusal = others is null ? "no route is for the id" : null;
        return others;
    }
}
