using System.Diagnostics.CodeAnalysis;
using System.Runtime.ExceptionServices;

namespace SymRatchet.Channel;

/// <summary>
/// How a channel ends, shared by its sender and its receiver: one state, one reason, and the token of every flush, read
/// and delay. Both check it before each step and after each wait. Does no IO. Thread-safe.
/// </summary>
#pragma warning disable CA1001 // without a timer or a wait handle there is nothing to dispose
internal sealed class ChannelLifetime
#pragma warning restore CA1001
{
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _stopping = new();
    private CancellationTokenSource? _ended;
    private volatile ChannelState _state;
    private volatile SecureChannelException? _failure;

    /// <summary>The transition function; null if the event changes nothing in that state.</summary>
    internal static ChannelState? Next(ChannelState state, ChannelEvent channelEvent) =>
        (state, channelEvent) switch
        {
            (ChannelState.Open, ChannelEvent.OwnClose) => ChannelState.ClosingOut,
            (ChannelState.Open, ChannelEvent.PeerClose) => ChannelState.ClosingIn,
            (ChannelState.ClosingIn, ChannelEvent.OwnClose) => ChannelState.Closed,
            (ChannelState.ClosingOut, ChannelEvent.PeerClose) => ChannelState.Closed,
            (not ChannelState.Ended, ChannelEvent.End) => ChannelState.Ended,
            _ => null,
        };

    internal ChannelState State => _state;

    internal bool IsEnded => _state == ChannelState.Ended;

    internal bool IsClosedHere => _state is ChannelState.ClosingOut or ChannelState.Closed;

    internal bool IsClosedByPeer => _state is ChannelState.ClosingIn or ChannelState.Closed;

    /// <summary>Why the channel failed; null if it did not, or was disposed first.</summary>
    internal SecureChannelException? Failure => _failure;

    /// <summary>
    /// Cancels the transport's pending operations; cancelled when nothing more is to be sent to the peer.
    /// </summary>
    internal CancellationToken Stopping => _stopping.Token;

    /// <summary>Cancelled when the channel has ended: failed, aborted or disposed. Two closes do not end it.</summary>
    internal CancellationToken Ended
    {
        get
        {
            lock (_gate)
                return IsEnded && _ended is null
                    ? new CancellationToken(canceled: true)
                    : (_ended ??= new CancellationTokenSource()).Token;
        }
    }

    /// <summary>Records one of the two closes.</summary>
    /// <returns>False if this changes nothing: that side has closed before, or the channel has ended.</returns>
    internal bool TryClose(ChannelEvent close)
    {
        lock (_gate)
            return TryMove(close);
    }

    /// <summary>Ends the channel. The first reason is kept.</summary>
    /// <param name="failure">What every later call throws; null for a disposal.</param>
    /// <param name="from">The state that the channel ended in.</param>
    internal bool TryEnd(SecureChannelException? failure, out ChannelState from)
    {
        lock (_gate)
        {
            from = _state;
            if (IsEnded)
                return false;
            _failure = failure;
            TryMove(ChannelEvent.End);
            // Its callbacks are the application's code and must not run under the lock.
            _ = _ended?.CancelAsync();
            return true;
        }
    }

    internal void Stop() => _ = _stopping.CancelAsync();

    /// <summary>Throws what ended the channel.</summary>
    internal void ThrowIfEnded()
    {
        if (IsEnded)
            ThrowEnded();
    }

    /// <summary>Throws what ended the channel, which must have ended.</summary>
    /// <returns>Nothing: it lets a caller write <c>throw</c>.</returns>
    [DoesNotReturn]
    internal Exception ThrowEnded()
    {
        if (_failure is { } failure)
            ExceptionDispatchInfo.Throw(failure);
        throw new ObjectDisposedException(nameof(ISecureChannel));
    }

    private bool TryMove(ChannelEvent channelEvent)
    {
        if (Next(_state, channelEvent) is not { } next)
            return false;
        _state = next;
        return true;
    }
}
