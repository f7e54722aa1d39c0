using System.Net.Sockets;
using SymRatchet.Tunnel.Ends;

namespace SymRatchet.Tunnel;

/// <summary>One connection that a tunnel carries, from its acceptance to its end.</summary>
#pragma warning disable CA1001 // without a wait handle there is nothing to dispose
internal sealed class TunnelConnection(TimeProvider time)
#pragma warning restore CA1001
{
    private readonly long _began = time.GetTimestamp();
    private readonly CancellationTokenSource _ending = new();
    private readonly List<Socket> _sockets = [];
    private Relay? _relay;
    private string? _reason;

    internal TimeSpan Duration => time.GetElapsedTime(_began);

    /// <summary>Cancelled when the connection is ended by this process before its relay began.</summary>
    internal CancellationToken Ending => _ending.Token;

    /// <summary>Why this process ended the connection; null if it did not.</summary>
    internal string? Reason => Volatile.Read(ref _reason);

    /// <summary>Gets whether bytes have arrived from both sides.</summary>
    internal bool HasReceivedBothWays => Volatile.Read(ref _relay) is { Sent: > 0, Received: > 0 };

    /// <summary>Gets the sockets that were named.</summary>
    internal Socket[] Sockets
    {
        get
        {
            lock (_sockets)
                return [.. _sockets];
        }
    }

    /// <summary>Names a socket of the connection, whose peer is watched.</summary>
    internal void Watch(Socket? socket)
    {
        if (socket is not null)
        {
            lock (_sockets)
                _sockets.Add(socket);
        }
    }

    /// <summary>Relays until the end.</summary>
    internal async Task<RelayFailure?> RelayAsync(RelayEnd plain, RelayEnd secured, Action<Relay> started)
    {
        Relay relay = new(plain, secured, time);
        started(relay);
        // A full fence: either this sees the reason, or who gives it sees the relay.
        Interlocked.Exchange(ref _relay, relay);
        if (Reason is { } reason)
            relay.Abort(reason);
        return await relay.RunAsync().ConfigureAwait(false);
    }

    /// <summary>Ends the connection by a reset.</summary>
    internal void Abort(string reason)
    {
        Interlocked.CompareExchange(ref _reason, reason, null);
        _ending.Cancel();
        Volatile.Read(ref _relay)?.Abort(reason);
    }

    /// <summary>
    /// Ends the connection if a peer's machine has vanished, and shows the peers that this one has not.
    /// </summary>
    internal ValueTask CheckLifeAsync(TimeSpan interval)
    {
        lock (_sockets)
        {
            if (_sockets.Exists(PeerLife.HasVanished))
            {
                _ = Task.Run(() => Abort("the other machine does not answer"));
                return default;
            }
        }

        return Volatile.Read(ref _relay)?.ShowLifeAsync(interval) ?? default;
    }
}
