using SymRatchet.Tool.Keys;
using SymRatchet.Tunnel;

namespace SymRatchet.Tool.Tunnels;

/// <summary>All that one process is to carry: read from a file, or from a command line.</summary>
/// <param name="Servers">The tunnel servers.</param>
/// <param name="Clients">The tunnel clients.</param>
/// <param name="Metrics">Where the metrics are served; null if they are not.</param>
internal sealed record TunnelSettings(
    IReadOnlyList<ServerSettings> Servers,
    IReadOnlyList<ClientSettings> Clients,
    TunnelEndPoint? Metrics
)
{
    internal TimeSpan LongestDrain =>
        Servers
            .Select(server => server.Options.DrainTimeout)
            .Concat(Clients.Select(client => client.Options.DrainTimeout))
            .DefaultIfEmpty()
            .Max();
}

/// <summary>One tunnel server.</summary>
/// <param name="Options">Its options, without the keys.</param>
/// <param name="Store">Where the keys are.</param>
internal sealed record ServerSettings(TunnelServerOptions Options, StoreLocation Store);

/// <summary>One tunnel client.</summary>
/// <param name="Options">Its options, without the key.</param>
/// <param name="Key">The key file, or the credential that becomes it.</param>
internal sealed record ClientSettings(TunnelClientOptions Options, string Key);
