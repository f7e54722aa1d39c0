using System.Runtime.InteropServices;

namespace SymRatchet.Tunnel.Routing;

/// <summary>Counts connections, in all and for each client. The limits may change at any time.</summary>
internal sealed class ConnectionLimiter
{
    private readonly Lock _gate = new();
    private readonly Dictionary<ClientId, int> _byId = [];
    private int _count;

    internal int Count
    {
        get
        {
            lock (_gate)
                return _count;
        }
    }

    /// <summary>Counts a connection.</summary>
    /// <returns>Why it is refused; null if it is not.</returns>
    internal string? TryEnter(ClientId? id, int maxConnections, int maxConnectionsPerId)
    {
        lock (_gate)
        {
            if (_count >= maxConnections)
                return $"the limit of {maxConnections} connections is reached";
            if (id is { } client)
            {
                ref int count = ref CollectionsMarshal.GetValueRefOrAddDefault(_byId, client, out _);
                if (count >= maxConnectionsPerId)
                    return $"the limit of {maxConnectionsPerId} connections for one id is reached";
                count++;
            }

            _count++;
            return null;
        }
    }

    internal void Leave(ClientId? id)
    {
        lock (_gate)
        {
            _count--;
            if (id is { } client && --CollectionsMarshal.GetValueRefOrNullRef(_byId, client) == 0)
                _byId.Remove(client);
        }
    }
}
