using System.Buffers;
using System.Runtime.CompilerServices;
using SymRatchet.Protocol1;
using SymRatchet.Streams;

namespace SymRatchet;

/// <summary>
/// Provides a duplex stream over a channel; created by <see cref="SecureChannelExtensions.AsStream"/>.
/// </summary>
/// <remarks>
/// <para>
/// A write becomes one message, or several if it is longer than 64 KiB. A read returns what has arrived, and 0 only
/// after the peer's authenticated close. <see cref="CompleteWritesAsync"/> ends the stream in order,
/// <see cref="Abort"/> at once; to the peer, disposing the stream alone looks like a lost connection. A write that
/// fails or is cancelled after a part of it was sent ends the channel.
/// </para>
/// <para>
/// Thread safety: one read and one write may run at the same time; a second one of the same kind throws
/// <see cref="InvalidOperationException"/>.
/// </para>
/// </remarks>
#pragma warning disable RS0027 // the overloads are those of Stream
public sealed class SecureChannelStream : Stream
{
    /// <summary>
    /// The largest message of a write, in bytes: large enough to amortise the cost per message, small enough for a
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

    /// <summary>Sends the authenticated close of the writing direction.</summary>
    /// <param name="cancellationToken">As for <see cref="ISecureChannel.SendAsync"/>.</param>
    /// <exception cref="SecureChannelException">The channel has failed.</exception>
    /// <exception cref="InvalidOperationException">A write is in progress.</exception>
    /// <remarks>The peer reads 0 after all written bytes. Reading continues. A second call does nothing.</remarks>
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

    /// <summary>Ends the channel at once, in both directions.</summary>
    /// <remarks>Reads and writes fail, here and at the peer. The stream must still be disposed.</remarks>
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

        // If the channel is left open, its disposal does not end a pending read; this token does.
        using CancellationTokenSource? either =
            _disposing is not null && cancellationToken.CanBeCanceled
                ? CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _disposing.Token)
                : null;
        CancellationToken ending = either?.Token ?? _disposing?.Token ?? cancellationToken;
        try
        {
            // An empty message is not the end of the stream, and a zero-byte read waits until there are bytes.
            while (!_target.HasRest)
            {
                _target.SetDestination(buffer);
                if (!await _channel.ReceiveAsync(_target, ending).ConfigureAwait(false))
                    return 0;
                if (_target.TakeDirect() is > 0 and int direct)
                    return direct;
            }

            // After a failure nothing more is handed out, not even bytes that arrived before it.
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
            _target.SetDestination(default);

            // If the stream was disposed meanwhile, the reader returns the buffer.
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
            // A caller that retries writes everything again, and the peer would get the sent part twice.
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

    // Writes are sent before they return, so there is nothing to flush.

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

    /// <summary>Disposes the stream, and the channel unless it is left open.</summary>
    /// <remarks>
    /// The peer's reads fail unless <see cref="CompleteWritesAsync"/> was called before or the stream closes on
    /// disposal.
    /// </remarks>
    // The base class would call Dispose(true) and end the stream a second time.
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
            // During a write the data is incomplete, so there is no close.
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

    /// <summary>Throws if the channel has ended. No read of the channel may be pending.</summary>
    internal async Task ThrowIfEndedAsync()
    {
        if (_ended.IsCancellationRequested)
            await _channel.ReceiveAsync(_target, CancellationToken.None).ConfigureAwait(false);
    }

    // A long write is several messages, which must not be interleaved with others.
    private void EnterWrite()
    {
        ObjectDisposedException.ThrowIf(!CanWrite, this);
        if (!_writing.TryEnter())
            throw new InvalidOperationException("Another write is in progress on this stream.");
    }

    // A peer that does not read must not delay the disposal.
    private async ValueTask CloseAsync()
    {
        try
        {
            using CancellationTokenSource limit = new(Limits.EndTimeout);
            await _channel.CloseAsync(limit.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or InvalidOperationException or OperationCanceledException)
        {
            // The channel has failed, or the peer does not read; disposing a stream does not throw for that.
        }
    }
}
#pragma warning restore RS0027
