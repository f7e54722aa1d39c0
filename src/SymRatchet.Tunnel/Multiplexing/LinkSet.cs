using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using SymRatchet.Tunnel.Diagnostics;

namespace SymRatchet.Tunnel.Multiplexing;

/// <summary>The links of a server, each until it ends. Thread-safe.</summary>
internal sealed class LinkSet : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly HashSet<Link> _links = [];
    private bool _isDisposed;

    /// <summary>Serves one link until its end.</summary>
    /// <param name="channel">Its channel, which it owns.</param>
    /// <param name="transport">The channel's socket.</param>
    /// <param name="kind">What it is for.</param>
    /// <param name="hashIds">Whether logs have hashes in place of ids.</param>
    /// <param name="onOffered">Gets the connections of the client; null if it may open none.</param>
    /// <param name="serve">Runs while the link is open; it is closed when this returns.</param>
    /// <param name="logger">The log.</param>
    /// <param name="cancellationToken">Cancels the beginning.</param>
    internal async Task ServeAsync(
        ISecureChannel channel,
        Socket transport,
        LinkKind kind,
        bool hashIds,
        Action<Link, StreamEnd>? onOffered,
        Func<Link, Task> serve,
        ILogger logger,
        CancellationToken cancellationToken
    )
    {
        Link link;
        try
        {
            link = await Link.StartAsync(channel, transport, kind, onOffered, cancellationToken).ConfigureAwait(false);
        }
        catch (IOException e)
        {
            ClientId client = channel.Peer.ClientId;
            logger.NoLink(hashIds ? client.ToHash() : client.ToString(), e.Message);
            return;
        }

        await using (link.ConfigureAwait(false))
        {
            if (!TryAdd(link))
                return;
            try
            {
                await serve(link).ConfigureAwait(false);
            }
            finally
            {
                lock (_gate)
                    _links.Remove(link);
            }
        }
    }

    /// <summary>Ends all links.</summary>
    public async ValueTask DisposeAsync()
    {
        Link[] open;
        lock (_gate)
        {
            _isDisposed = true;
            open = [.. _links];
        }

        foreach (Link link in open)
            await link.DisposeAsync().ConfigureAwait(false);
    }

    private bool TryAdd(Link link)
    {
        lock (_gate)
            return !_isDisposed && _links.Add(link);
    }
}
