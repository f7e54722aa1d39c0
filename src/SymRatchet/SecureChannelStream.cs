using System.Buffers;
using System.Runtime.CompilerServices;
using SymRatchet.Protocol1;
using SymRatchet.Streams;

namespace SymRatchet;

/// <summary>
/// A two-way stream over a channel. A write becomes one message, or several where it is longer than 64 KiB; a read
/// takes what has arrived, and gives 0 after the peer's authenticated close only. Made by
/// <see cref="SecureChannelExtensions.AsStream"/>.
/// </summary>
/// <remarks>
/// One read and one write may run at the same time; a second one of the same kind throws
/// <see cref="InvalidOperationException"/>. <see cref="CompleteWritesAsync"/> and <see cref="Abort"/> end the stream in
/// order and at once; disposing it alone proves nothing to the peer, as with a connection that breaks. A write that
/// fails or is cancelled after a part of it was sent ends the channel.
/// </remarks>
#pragma warning disable RS0027 // the overloads are those of Stream
public sealed class SecureChannelStream : Stream
{
    /// <summary>
    /// The largest message that a write makes, in bytes: large enough that its cost is its bytes, small enough for a
    /// reader's buffer.
    /// </summary>
    internal const int MaxChunk = 64 * 1024;

    private readonly ISecureChannel _channel;
    private readonly bool _leaveOpen;
    private readonly bool _closeOnDispose;
    private readonly CancellationToken _ended;
    private readonly ReadTarget _target;
    private readonly CancellationTokenSource? _disposing;
    private ExclusiveUse _reading;
    private ExclusiveUse _writing;
    private int _disposed;
    private volatile bool _hasFailedToWrite;

    internal SecureChannelStream(ISecureChannel channel, bool leaveOpen, bool closeOnDispose, ArrayPool<byte> pool)
    {
        _channel = channel;
        _leaveOpen = leaveOpen;
        _closeOnDispose = closeOnDispose;
        _ended = channel.Ended;
        _target = new ReadTarget(pool);
        _disposing = leaveOpen ? new CancellationTokenSource() : null;
    }

    /// <inheritdoc/>
    public override bool CanRead => Volatile.Read(ref _disposed) == 0;

    /// <inheritdoc/>
    public override bool CanWrite => CanRead;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>
    /// Closes the writing direction with an authenticated close: the peer reads 0 after everything that was written.
    /// Reading goes on. A second call does nothing.
    /// </summary>
    /// <param name="cancellationToken">As for <see cref="ISecureChannel.SendAsync"/>.</param>
    /// <exception cref="SecureChannelException">The channel has failed.</exception>
    /// <exception cref="InvalidOperationException">A write is in progress.</exception>
    public async ValueTask CompleteWritesAsync(CancellationToken cancellationToken = default)
    {
        EnterWrite();
        try
        {
            await _channel.CloseAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _writing.Leave();
        }
    }

    /// <summary>
    /// Ends the channel at once, in both directions: reads and writes fail, here and at the peer. The stream is still
    /// to be disposed.
    /// </summary>
    public void Abort()
    {
        _hasFailedToWrite = true;
        _channel.Abort();
    }

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (!_reading.TryEnter())
        {
            ObjectDisposedException.ThrowIf(_reading.HasEnded, this);
            throw new InvalidOperationException("Another read is in progress on this stream.");
        }

        // A channel that is left open does not end a read that is in progress.
        using CancellationTokenSource? either =
            _disposing is not null && cancellationToken.CanBeCanceled
                ? CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _disposing.Token)
                : null;
        CancellationToken ending = either?.Token ?? _disposing?.Token ?? cancellationToken;
        try
        {
            // An empty message is no end of the stream, and a read of no bytes waits until there are some.
            while (!_target.HasRest)
            {
                _target.Aim(buffer);
                if (!await _channel.ReceiveAsync(_target, ending).ConfigureAwait(false))
                    return 0;
                if (_target.TakeDirect() is > 0 and int direct)
                    return direct;
            }

            // After a failure nothing more is handed out, even of what came before it.
            await ThrowIfEndedAsync().ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            return _target.TakeRest(buffer.Span);
        }
        catch (OperationCanceledException) when (_reading.HasEnded && !cancellationToken.IsCancellationRequested)
        {
            throw new ObjectDisposedException(nameof(SecureChannelStream));
        }
        finally
        {
            _target.Aim(default);

            // Disposed meanwhile: the reader is the one who gives its buffer back.
            if (_reading.Leave())
                _target.Dispose();
        }
    }

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public override async ValueTask WriteAsync(
        ReadOnlyMemory<byte> buffer,
        CancellationToken cancellationToken = default
    )
    {
        EnterWrite();
        bool isCut = false;
        try
        {
            int chunk = Math.Min(MaxChunk, _channel.MaxMessageSize);
            for (; buffer.Length > chunk; buffer = buffer[chunk..])
            {
                await _channel.WriteAsync(buffer[..chunk], cancellationToken).ConfigureAwait(false);
                isCut = true;
            }

            if (!buffer.IsEmpty)
                await _channel.SendAsync(buffer, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            // Whoever writes again begins with the whole of it: after a part of it, the peer would read that part
            // twice.
            _hasFailedToWrite = true;
            if (isCut)
                Abort();
            throw;
        }
        finally
        {
            _writing.Leave();
        }
    }

    // A write has been sent when it returns; there is nothing left to flush.

    /// <inheritdoc/>
    public override void Flush() { }

    /// <inheritdoc/>
    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) =>
        ReadAsync(buffer.AsMemory(offset, count), CancellationToken.None).AsTask().GetAwaiter().GetResult();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) =>
        WriteAsync(buffer.AsMemory(offset, count), CancellationToken.None).AsTask().GetAwaiter().GetResult();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <summary>
    /// Disposes the channel too, unless it is left open. The peer learns of an end only where
    /// <see cref="CompleteWritesAsync"/> was called before, or the stream was made to close on disposal; else its reads
    /// fail.
    /// </summary>
    // The base class would call Dispose(true), and end the stream a second time.
#pragma warning disable CA2215
    public override async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        if (_reading.TryEnd(out bool cleansUp) && cleansUp)
            _target.Dispose();
        if (_leaveOpen)
        {
            await _disposing!.CancelAsync().ConfigureAwait(false);
            return;
        }

        try
        {
            // In the midst of a write not all was said.
            if (_closeOnDispose && !_hasFailedToWrite && _writing.TryEnter())
                await CloseAsync().ConfigureAwait(false);
        }
        finally
        {
            await _channel.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            DisposeAsync().AsTask().GetAwaiter().GetResult();
    }
#pragma warning restore CA2215

    /// <summary>Throws what ended the channel, where something has. No read of the channel is in progress.</summary>
    internal async Task ThrowIfEndedAsync()
    {
        if (_ended.IsCancellationRequested)
            await _channel.ReceiveAsync(_target, CancellationToken.None).ConfigureAwait(false);
    }

    // A long write is several messages, and nothing may come between two of them.
    private void EnterWrite()
    {
        ObjectDisposedException.ThrowIf(!CanWrite, this);
        if (!_writing.TryEnter())
            throw new InvalidOperationException("Another write is in progress on this stream.");
    }

    // A peer that does not read must not hold up who disposes.
    private async ValueTask CloseAsync()
    {
        try
        {
            using CancellationTokenSource limit = new(Limits.TerminateTimeout);
            await _channel.CloseAsync(limit.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or InvalidOperationException or OperationCanceledException)
        {
            // A channel that has failed, or whose peer takes nothing, cannot be closed any more; disposing a stream
            // does not throw for it.
        }
    }
}
#pragma warning restore RS0027
