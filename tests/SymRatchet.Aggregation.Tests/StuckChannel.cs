using System.Buffers;
using System.Net;

namespace SymRatchet.Aggregation.Tests;

/// <summary>A channel that ignores every token and never comes back from the call that it is told to hang in.</summary>
internal sealed class StuckChannel(string hangsIn) : ISecureChannel
{
    private readonly TaskCompletionSource<bool> _never = new();
    private readonly TaskCompletionSource _stuck = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _received;

    /// <summary>Completed once the call that hangs was made.</summary>
    internal Task Stuck => _stuck.Task;

    internal bool IsDisposed { get; private set; }

    public ProtocolPhase Phase => ProtocolPhase.Active;

    public ChannelPeer Peer { get; } = new(ChannelProtocol.V1, ChannelRole.Client, "1");

    public EndPoint? RemoteEndPoint => null;

    public int MaxMessageSize => 1024;

    public CancellationToken Ended => CancellationToken.None;

    public ValueTask SendAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken = default) =>
        UnlessStuck(nameof(SendAsync));

    /// <summary>One contribution, then nothing, or an end where closing is what hangs.</summary>
    public ValueTask<bool> ReceiveAsync(IBufferWriter<byte> destination, CancellationToken cancellationToken = default)
    {
        if (_received++ == 0)
        {
            destination.Write("1"u8);
            return ValueTask.FromResult(true);
        }

        return hangsIn == nameof(CloseAsync) ? ValueTask.FromResult(false) : new ValueTask<bool>(_never.Task);
    }

    public ValueTask CloseAsync(CancellationToken cancellationToken = default) => UnlessStuck(nameof(CloseAsync));

    public void Abort() { }

    public ValueTask DisposeAsync()
    {
        IsDisposed = true;
        return UnlessStuck(nameof(DisposeAsync));
    }

    public ValueTask WriteAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    public ValueTask FlushAsync(CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public ValueTask<TimeSpan> PingAsync(CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    private ValueTask UnlessStuck(string call)
    {
        if (hangsIn != call)
            return default;
        _stuck.TrySetResult();
        return new ValueTask(_never.Task);
    }
}
