namespace SymRatchet.Tunnel.Routing;

/// <summary>Where a server listens for which client. Immutable.</summary>
internal sealed class ReverseTable((IdPattern Id, string Listen)[] routes)
{
    private const string Mark = "{id}";

    /// <summary>Returns where to listen for a client; null for nowhere.</summary>
    internal TunnelEndPoint? Find(ClientId client)
    {
        string id = client.ToString();
        foreach ((IdPattern pattern, string listen) in routes)
        {
            if (pattern.Matches(id))
                return TunnelEndPoint.Parse(Fill(listen, id));
        }

        return null;
    }

    /// <summary>Puts an id in place of its mark, without what could lead to another path.</summary>
    internal static string Fill(string listen, string id) =>
        listen.Replace(
            Mark,
            string.Concat(
                id.Select(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '_' or '-' ? letter : '_')
            ),
            StringComparison.Ordinal
        );
}
