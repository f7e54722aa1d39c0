using SymRatchet.Tool.Keys;
using SymRatchet.Tunnel;

namespace SymRatchet.Tool.Tunnels;

/// <summary>All that one process is to carry: read from a file, or from a command line.</summary>
/// <param name="Servers">The tunnel servers.</param>
/// <param name="Clients">The tunnel clients.</param>
/// <param name="ReverseServers">The tunnel servers of clients that dial out.</param>
/// <param name="ReverseClients">Those clients.</param>
/// <param name="Metrics">Where the metrics are served; null if they are not.</param>
internal sealed record TunnelSettings(
    IReadOnlyList<ServerSettings<TunnelServerOptions>> Servers,
    IReadOnlyList<ClientSettings<TunnelClientOptions>> Clients,
    IReadOnlyList<ServerSettings<ReverseTunnelServerOptions>> ReverseServers,
    IReadOnlyList<ClientSettings<ReverseTunnelClientOptions>> ReverseClients,
    TunnelEndPoint? Metrics
)
{
    internal TimeSpan LongestDrain => All.Select(options => options.DrainTimeout).DefaultIfEmpty().Max();

    internal IEnumerable<TunnelOptions> All =>
        [
            .. Servers.Select(server => server.Options),
            .. Clients.Select(client => client.Options),
            .. ReverseServers.Select(server => server.Options),
            .. ReverseClients.Select(client => client.Options),
        ];
}

/// <summary>One tunnel server.</summary>
/// <param name="Options">Its options, without the keys.</param>
/// <param name="Store">Where the keys are.</param>
internal sealed record ServerSettings<TOptions>(TOptions Options, StoreLocation Store)
    where TOptions : TunnelOptions;

/// <summary>One tunnel client.</summary>
/// <param name="Options">Its options, without the key.</param>
/// <param name="Key">The key file, or the credential that becomes it.</param>
internal sealed record ClientSettings<TOptions>(TOptions Options, string Key)
    where TOptions : TunnelOptions;
