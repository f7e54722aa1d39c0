using System.Runtime.CompilerServices;
using SymRatchet.Primitives;

namespace SymRatchet.Adapters;

/// <summary>A stream over a channel. A message is opened straight into the reader's buffer where it fits, else into one of its own.</summary>
internal sealed class ChannelStream(ISecureChannel channel, bool leaveOpen, int owners = 1) : Stream
{
    /// <summary>The largest message that a write makes, in bytes: large enough that its cost is its bytes, small enough for a reader's buffer.</summary>
    internal const int MaxChunk = 64 * 1024;

    private readonly ReadTarget _target = new();
    private int _owners = owners;
    private volatile bool _writeFailed;

    public override bool CanRead => Volatile.Read(ref _owners) > 0;

    public override bool CanWrite => CanRead;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        // An empty message is no end of the stream, and a read of no bytes waits until there are some.
        while (!_target.HasRest)
        {
            _target.Aim(buffer);
            if (!await channel.ReceiveAsync(_target, cancellationToken).ConfigureAwait(false))
                return 0;
            if (_target.TakeDirect() is > 0 and int direct)
                return direct;
        }

        return _target.TakeRest(buffer.Span);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            int chunk = Math.Min(MaxChunk, channel.MaxMessageSize);
            for (; buffer.Length > chunk; buffer = buffer[chunk..])
                await channel.WriteAsync(buffer[..chunk], cancellationToken).ConfigureAwait(false);
            if (!buffer.IsEmpty)
                await channel.SendAsync(buffer, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            _writeFailed = true;
            throw;
        }
    }

    // A write has been sent when it returns; there is nothing left to flush.
    public override void Flush()
    {
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) =>
        ReadAsync(buffer.AsMemory(offset, count), CancellationToken.None).AsTask().GetAwaiter().GetResult();

    public override void Write(byte[] buffer, int offset, int count) =>
        WriteAsync(buffer.AsMemory(offset, count), CancellationToken.None).AsTask().GetAwaiter().GetResult();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override async ValueTask DisposeAsync()
    {
        await EndAsync().ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            EndAsync().AsTask().GetAwaiter().GetResult();
        base.Dispose(disposing);
    }

    private async ValueTask EndAsync()
    {
        if (Interlocked.Decrement(ref _owners) != 0)
            return;
        _target.Dispose();
        if (leaveOpen)
            return;
        try
        {
            // A peer that does not read must not hold up who disposes.
            using CancellationTokenSource limit = new(Limits.FarewellTimeout);
            if (!_writeFailed && channel.Phase == ProtocolPhase.Active)
                await channel.CloseAsync(limit.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or InvalidOperationException or OperationCanceledException)
        {
            // A channel that has failed, or whose peer takes nothing, cannot be closed any more; disposing a stream does not throw for it.
        }
        finally
        {
            await channel.DisposeAsync().ConfigureAwait(false);
        }
    }
}
