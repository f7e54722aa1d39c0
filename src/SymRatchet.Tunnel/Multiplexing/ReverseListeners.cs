using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using SymRatchet.Tunnel.Diagnostics;

namespace SymRatchet.Tunnel.Multiplexing;

/// <summary>The end points that lead to connected clients, one for each. Thread-safe.</summary>
internal sealed class ReverseListeners(TimeProvider time, ILogger logger) : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<ClientId, Listener> _listeners = [];
    private bool _isDisposed;

    internal ClientId[] Clients
    {
        get
        {
            lock (_gate)
                return [.. _listeners.Keys];
        }
    }

    /// <summary>Listens for a client until its link ends, in place of an older link of the same client.</summary>
    internal async Task ListenAsync(Link link, TunnelEndPoint listen, string name, Action<Socket> accepted)
    {
        Listener own = new(link);
        Listener? older;
        lock (_gate)
        {
            if (_isDisposed)
                return;
            _listeners.TryGetValue(link.Client, out older);
            _listeners[link.Client] = own;
        }

        try
        {
            if (older is not null)
            {
                older.Link.Abort();
                await older.Closed.Task.ConfigureAwait(false);
            }

            Acceptor acceptor = await Acceptor
                .ListenAsync(listen, isPlain: true, name, time, logger, own.Stopping.Token)
                .ConfigureAwait(false);
            await using (acceptor.ConfigureAwait(false))
            {
                acceptor.Start(accepted);
                if (logger.IsEnabled(LogLevel.Information))
                    logger.ReverseBegan(name, TunnelEndPoint.From(acceptor.LocalEndPoint).ToString());
                await link.Ended.WaitAsync(own.Stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            if (logger.IsEnabled(LogLevel.Information))
                logger.ReverseEnded(name, listen.ToString());
        }
        catch (Exception e) when (e is SocketException or IOException or OperationCanceledException)
        {
            if (e is not OperationCanceledException)
                logger.ReverseRefused(name, $"{listen}: {e.Message}");
        }
        finally
        {
            lock (_gate)
            {
                if (_listeners.TryGetValue(link.Client, out Listener? present) && present == own)
                    _listeners.Remove(link.Client);
            }

            own.Closed.SetResult();
            // While the tunnel drains, the link carries what was accepted before.
            if (own.Stopping.IsCancellationRequested)
                await link.Ended.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Stops to listen. The links go on.</summary>
    public async ValueTask DisposeAsync()
    {
        Listener[] all;
        lock (_gate)
        {
            _isDisposed = true;
            all = [.. _listeners.Values];
        }

        foreach (Listener listener in all)
            await listener.Stopping.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(all.Select(listener => listener.Closed.Task)).ConfigureAwait(false);
    }

#pragma warning disable CA1001 // without a wait handle there is nothing to dispose
    private sealed class Listener(Link link)
#pragma warning restore CA1001
    {
        internal Link Link => link;

        internal CancellationTokenSource Stopping { get; } = new();

        internal TaskCompletionSource Closed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
