using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using SymRatchet.Tool.Keys;
using SymRatchet.Tunnel;

namespace SymRatchet.Tool.Tunnels;

/// <summary>Runs the tunnels of a configuration, and goes over to another one without dropping a connection.</summary>
internal sealed class TunnelSupervisor : IAsyncDisposable
{
    private readonly ILoggerFactory _loggers;
    private readonly TunnelKeys _keys;
    private readonly Dictionary<string, TunnelServer> _servers = [];
    private readonly Dictionary<string, TunnelClient> _clients = [];
    private readonly Dictionary<string, ReverseTunnelServer> _reverseServers = [];
    private readonly Dictionary<string, ReverseTunnelClient> _reverseClients = [];
    private readonly List<Task> _stopping = [];

    internal TunnelSupervisor(ILoggerFactory loggers)
    {
        _loggers = loggers;
        _keys = new TunnelKeys(new SecureChannelServerOptions { LoggerFactory = loggers });
    }

    internal IEnumerable<TunnelServer> Servers => _servers.Values;

    internal IEnumerable<TunnelClient> Clients => _clients.Values;

    /// <summary>
    /// Starts what is new, gives new options to what listens as before, and lets what is gone come to its end.
    /// </summary>
    /// <exception cref="IOException">A store could not be opened.</exception>
    /// <exception cref="ToolException">A store could not be opened, or an address not be listened on.</exception>
    /// <remarks>After an exception, the tunnels that were not reached are as they were.</remarks>
    internal async Task ApplyAsync(TunnelSettings settings, CancellationToken cancellationToken)
    {
        _keys.BeginReload();
        // All keys first: a wrong path is to change nothing.
        List<TunnelServerOptions> servers = [];
        foreach (ServerSettings<TunnelServerOptions> server in settings.Servers)
        {
            TunnelServerOptions options = new(server.Options) { Channel = new(server.Options.Channel) };
            await OpenAsync(options.Channel, server.Store);
            servers.Add(options);
        }

        List<ReverseTunnelServerOptions> reverseServers = [];
        foreach (ServerSettings<ReverseTunnelServerOptions> server in settings.ReverseServers)
        {
            ReverseTunnelServerOptions options = new(server.Options) { Channel = new(server.Options.Channel) };
            await OpenAsync(options.Channel, server.Store);
            reverseServers.Add(options);
        }

        List<TunnelClientOptions> clients = [];
        foreach (ClientSettings<TunnelClientOptions> client in settings.Clients)
        {
            TunnelClientOptions options = new(client.Options) { Channel = new(client.Options.Channel) };
            options.Channel.Keys = await _keys.OpenClientAsync(client.Key, cancellationToken);
            options.Channel.LoggerFactory = _loggers;
            clients.Add(options);
        }

        List<ReverseTunnelClientOptions> reverseClients = [];
        foreach (ClientSettings<ReverseTunnelClientOptions> client in settings.ReverseClients)
        {
            ReverseTunnelClientOptions options = new(client.Options) { Channel = new(client.Options.Channel) };
            options.Channel.Keys = await _keys.OpenClientAsync(client.Key, cancellationToken);
            options.Channel.LoggerFactory = _loggers;
            reverseClients.Add(options);
        }

        await ApplyAsync(servers, _servers, TunnelServer.StartAsync, (server, options) => server.Reload(options));
        await ApplyAsync(
            reverseServers,
            _reverseServers,
            ReverseTunnelServer.StartAsync,
            (server, options) => server.Reload(options)
        );
        await ApplyAsync(clients, _clients, TunnelClient.StartAsync, (client, options) => client.Reload(options));
        await ApplyAsync(
            reverseClients,
            _reverseClients,
            (options, _) => Task.FromResult(ReverseTunnelClient.Start(options)),
            (client, options) => client.Reload(options)
        );
        _keys.EndReload();

        async Task OpenAsync(SecureChannelServerOptions channel, StoreLocation store)
        {
            (channel.Keys, channel.ChannelRegistry) = await _keys.OpenServerAsync(store, cancellationToken);
            channel.LoggerFactory = _loggers;
        }

        async Task ApplyAsync<TTunnel, TOptions>(
            List<TOptions> wanted,
            Dictionary<string, TTunnel> running,
            Func<TOptions, CancellationToken, Task<TTunnel>> start,
            Action<TTunnel, TOptions> reload
        )
            where TTunnel : IAsyncDisposable
            where TOptions : TunnelOptions
        {
            // What is gone first, since another tunnel may listen in its place.
            HashSet<string> kept = [.. wanted.Select(PlaceOf)];
            foreach (string gone in running.Keys.Where(place => !kept.Contains(place)).ToArray())
            {
                running.Remove(gone, out TTunnel? tunnel);
                _stopping.Add(tunnel!.DisposeAsync().AsTask());
            }

            foreach (TOptions options in wanted)
            {
                string place = PlaceOf(options);
                if (running.TryGetValue(place, out TTunnel? tunnel))
                    reload(tunnel, options);
                else
                    running.Add(place, await StartAsync(() => start(options, cancellationToken), place));
            }
        }
    }

    public async ValueTask DisposeAsync() => await StopAsync(CancellationToken.None);

    /// <summary>Lets all tunnels come to their end, each within its own limit.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    internal async Task StopAsync(CancellationToken cancellationToken)
    {
        await Task.WhenAll([
            .. _stopping,
            .. _servers.Values.Select(server => server.StopAsync(cancellationToken)),
            .. _clients.Values.Select(client => client.StopAsync(cancellationToken)),
            .. _reverseServers.Values.Select(server => server.StopAsync(cancellationToken)),
            .. _reverseClients.Values.Select(client => client.StopAsync(cancellationToken)),
        ]);
        _servers.Clear();
        _clients.Clear();
        _reverseServers.Clear();
        _reverseClients.Clear();
        await _keys.DisposeAsync();
    }

    /// <summary>What a reload tells tunnels of one kind apart by: a reverse client does not listen.</summary>
    private static string PlaceOf(TunnelOptions options) =>
        options is ReverseTunnelClientOptions reverse
            ? $"{TunnelEndPoint.Parse(reverse.Connect!)} {reverse.Name} {reverse.Forward}"
            : TunnelEndPoint.Parse(options.Listen!).ToString();

    private static async Task<T> StartAsync<T>(Func<Task<T>> start, string listen)
    {
        try
        {
            return await start();
        }
        catch (SocketException e)
        {
            throw new ToolException($"cannot listen on {listen}: {e.Message}");
        }
    }
}
