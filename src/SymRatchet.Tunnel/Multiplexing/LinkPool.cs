using System.Net.Sockets;

namespace SymRatchet.Tunnel.Multiplexing;

/// <summary>
/// The one link of a client to its server: connected when the first connection asks for it, and again when it was lost.
/// Thread-safe.
/// </summary>
#pragma warning disable CA1001 // without a wait handle there is nothing to dispose
internal sealed class LinkPool(ChannelDialer dialer)
#pragma warning restore CA1001
{
    private readonly SemaphoreSlim _connecting = new(1, 1);
    private readonly Lock _gate = new();
    private Link? _link;
    private int _open; // connections over it, and those that wait for one
    private bool _isRetired;

    /// <summary>Opens a connection over the link.</summary>
    /// <exception cref="IOException">There is no link, or the server takes no connection.</exception>
    internal async ValueTask<SecuredConnection> OpenAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
            _open++;
        try
        {
            Link link = await ConnectAsync(cancellationToken).ConfigureAwait(false);
            StreamEnd stream;
            try
            {
                stream = await link.OpenAsync(Leave, cancellationToken).ConfigureAwait(false);
            }
            catch (IOException) when (link.HasEnded)
            {
                // It was lost meanwhile, which nobody could know before.
                link = await ConnectAsync(cancellationToken).ConfigureAwait(false);
                stream = await link.OpenAsync(Leave, cancellationToken).ConfigureAwait(false);
            }

            return new SecuredConnection(stream, link.Client, Transport: null);
        }
        catch
        {
            Leave();
            throw;
        }
    }

    /// <summary>Ends the link when its last connection has ended. No connection is asked for any more.</summary>
    internal void Retire()
    {
        lock (_gate)
            _isRetired = true;
        EndIfUnused();
    }

    private async ValueTask<Link> ConnectAsync(CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _link) is { HasEnded: false } present)
            return present;
        await _connecting.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_link is { HasEnded: false } other)
                return other;
            if (_link is not null)
                await _link.DisposeAsync().ConfigureAwait(false);
            (ISecureChannel channel, Socket transport) = await dialer
                .ConnectAsync(cancellationToken)
                .ConfigureAwait(false);
            Link link = await Link.StartAsync(channel, transport, LinkKind.Forward, onOffered: null, cancellationToken)
                .ConfigureAwait(false);
            Volatile.Write(ref _link, link);
            return link;
        }
        finally
        {
            _connecting.Release();
        }
    }

    private void Leave()
    {
        lock (_gate)
            _open--;
        EndIfUnused();
    }

    private void EndIfUnused()
    {
        lock (_gate)
        {
            if (!_isRetired || _open > 0)
                return;
        }

        if (Interlocked.Exchange(ref _link, null) is { } link)
            _ = link.DisposeAsync().AsTask();
    }
}
