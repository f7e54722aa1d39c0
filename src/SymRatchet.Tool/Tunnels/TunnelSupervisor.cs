using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using SymRatchet.Tunnel;

namespace SymRatchet.Tool.Tunnels;

/// <summary>Runs the tunnels of a configuration, and goes over to another one without dropping a connection.</summary>
internal sealed class TunnelSupervisor : IAsyncDisposable
{
    private readonly ILoggerFactory _loggers;
    private readonly TunnelKeys _keys;
    private readonly Dictionary<TunnelEndPoint, TunnelServer> _servers = [];
    private readonly Dictionary<TunnelEndPoint, TunnelClient> _clients = [];
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
        foreach (ServerSettings server in settings.Servers)
        {
            (IKeyStore keys, ChannelRegistry registry) = await _keys.OpenServerAsync(server.Store, cancellationToken);
            servers.Add(
                new TunnelServerOptions(server.Options)
                {
                    Channel = new(server.Options.Channel)
                    {
                        Keys = keys,
                        ChannelRegistry = registry,
                        LoggerFactory = _loggers,
                    },
                }
            );
        }

        List<TunnelClientOptions> clients = [];
        foreach (ClientSettings client in settings.Clients)
        {
            IKeyStore keys = await _keys.OpenClientAsync(client.Key, cancellationToken);
            clients.Add(
                new TunnelClientOptions(client.Options)
                {
                    Channel = new(client.Options.Channel) { Keys = keys, LoggerFactory = _loggers },
                }
            );
        }

        await ApplyAsync(servers, _servers, TunnelServer.StartAsync, (server, options) => server.Reload(options));
        await ApplyAsync(clients, _clients, TunnelClient.StartAsync, (client, options) => client.Reload(options));
        _keys.EndReload();

        async Task ApplyAsync<TTunnel, TOptions>(
            List<TOptions> wanted,
            Dictionary<TunnelEndPoint, TTunnel> running,
            Func<TOptions, CancellationToken, Task<TTunnel>> start,
            Action<TTunnel, TOptions> reload
        )
            where TTunnel : IAsyncDisposable
            where TOptions : TunnelOptions
        {
            // What is gone first, since another tunnel may listen in its place.
            HashSet<TunnelEndPoint> kept = [.. wanted.Select(options => TunnelEndPoint.Parse(options.Listen!))];
            foreach (TunnelEndPoint gone in running.Keys.Where(listen => !kept.Contains(listen)).ToArray())
            {
                running.Remove(gone, out TTunnel? tunnel);
                _stopping.Add(tunnel!.DisposeAsync().AsTask());
            }

            foreach (TOptions options in wanted)
            {
                var listen = TunnelEndPoint.Parse(options.Listen!);
                if (running.TryGetValue(listen, out TTunnel? tunnel))
                    reload(tunnel, options);
                else
                    running.Add(listen, await StartAsync(() => start(options, cancellationToken), listen));
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
        ]);
        _servers.Clear();
        _clients.Clear();
        await _keys.DisposeAsync();
    }

    private static async Task<T> StartAsync<T>(Func<Task<T>> start, TunnelEndPoint listen)
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
