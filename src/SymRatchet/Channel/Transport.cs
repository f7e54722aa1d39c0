using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using SymRatchet.Protocol1;

namespace SymRatchet.Channel;

/// <summary>
/// A stream or pipe as the channel uses it: unread bytes on one side, memory to seal into on the other.
/// </summary>
internal sealed class Transport : IAsyncDisposable
{
    // Large reads for large records; zero-byte reads, so that an idle connection holds no buffer.
    private static readonly StreamPipeReaderOptions ReaderOptions = new(
        bufferSize: 64 * 1024,
        minimumReadSize: 4 * 1024,
        leaveOpen: true,
        useZeroByteReads: true
    );
    private static readonly StreamPipeWriterOptions WriterOptions = new(minimumBufferSize: 16 * 1024, leaveOpen: true);

    private const int AdvanceThreshold = 16 * 1024;

    private static readonly IOException Disposed = new("The channel is disposed.");

    private readonly PipeReader _reader;
    private readonly Stream? _stream;
    private readonly bool _leaveOpen;
    private ReadOnlySequence<byte> _unread;
    private Task<ReadResult>? _reading;
    private Task _writing = Task.CompletedTask;
    private bool _holdsRead;
    private int _consumed;

    private Transport(PipeReader reader, PipeWriter writer, Stream? stream, bool leaveOpen)
    {
        _reader = reader;
        Output = writer;
        _stream = stream;
        _leaveOpen = leaveOpen;
    }

    internal PipeWriter Output { get; }

    /// <summary>Whether nothing more can be read.</summary>
    internal bool HasEnded { get; private set; }

    /// <summary>The bytes that have arrived and are not consumed.</summary>
    internal ref readonly ReadOnlySequence<byte> Unread => ref _unread;

    /// <summary>The remote end for logs; escaped, since the name of a Unix socket may contain anything.</summary>
    internal string RemoteName => RemoteEndPoint?.ToString() is { } name ? KeyText.ToLogSafe(name) : "the peer";

    internal IPAddress? RemoteAddress => (RemoteEndPoint as IPEndPoint)?.Address;

    internal EndPoint? RemoteEndPoint { get; private init; }

    // Not a type derived from it, whose code may do anything.
    private bool IsSocket => _stream?.GetType() == typeof(NetworkStream);

    /// <summary>The remote end of a socket's stream; null if it is not a socket, or is closed already.</summary>
    internal static EndPoint? RemoteOf(Stream stream)
    {
        try
        {
            return (stream as NetworkStream)?.Socket.RemoteEndPoint;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return null;
        }
    }

    internal static Transport Over(Stream stream, bool leaveOpen, EndPoint? remote = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        if (!stream.CanRead || !stream.CanWrite)
            throw new ArgumentException("A channel needs a stream that can be read and written.", nameof(stream));

        return new Transport(
            PipeReader.Create(stream, ReaderOptions),
            PipeWriter.Create(stream, WriterOptions),
            stream,
            leaveOpen
        )
        {
            RemoteEndPoint = remote,
        };
    }

    internal static Transport Over(IDuplexPipe pipe, bool leaveOpen, EndPoint? remote = null)
    {
        ArgumentNullException.ThrowIfNull(pipe);
        return new Transport(pipe.Input, pipe.Output, stream: null, leaveOpen) { RemoteEndPoint = remote };
    }

    /// <summary>
    /// Drops the first bytes of <see cref="Unread"/>. The reader is advanced only when nothing is left or the threshold
    /// is reached: one call for many small messages, without holding back the writer at the other end of a pipe.
    /// </summary>
    internal void Consume(int length)
    {
        _unread = _unread.Slice(length);
        _consumed += length;
        if (_unread.IsEmpty)
            ReleaseUnread();
        else if (_consumed >= AdvanceThreshold)
            ReleaseConsumed();
    }

    internal void CopyFirst(Span<byte> destination) => _unread.Slice(0, destination.Length).CopyTo(destination);

    /// <summary>Reads more bytes than are unread now; the result goes to <see cref="Take"/>.</summary>
    internal ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken)
    {
        if (_holdsRead)
            ReleaseUnread();
        return _reader.ReadAsync(cancellationToken);
    }

    internal void Take(ReadResult result)
    {
        _unread = result.Buffer;
        _holdsRead = true;
        HasEnded = result.IsCompleted || result.IsCanceled;
    }

    /// <summary>
    /// Reads more bytes during a handshake; returns when the token is cancelled, even if the transport ignores it.
    /// </summary>
    /// <returns>False at the end of the stream.</returns>
    internal async ValueTask<bool> ReadMoreAsync(CancellationToken cancellationToken)
    {
        if (HasEnded)
            return false;
        _reading = BeginAsync(() => ReadAsync(cancellationToken).AsTask());
        Take(await _reading.WaitAsync(cancellationToken).ConfigureAwait(false));
        _reading = null;
        return true;
    }

    /// <summary>
    /// Sends bytes during a handshake; returns when the token is cancelled, even if the transport ignores it.
    /// </summary>
    internal async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        Task<FlushResult> write = BeginAsync(() => Output.WriteAsync(bytes, cancellationToken).AsTask());
        _writing = write;
        await write.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    // A custom stream may block instead of being asynchronous; on another thread it cannot block the handshake.
    private Task<T> BeginAsync<T>(Func<Task<T>> call) => _stream is null || IsSocket ? call() : Task.Run(call);

    /// <summary>
    /// Closes the underlying stream, which ends pending reads and writes. Does nothing for a pipe or if it is left
    /// open.
    /// </summary>
    internal async Task CloseStreamAsync()
    {
        if (_stream is null || _leaveOpen)
            return;
        try
        {
            // On the pool if it may block: a custom stream, or a socket that was told to linger.
            if (IsSocket && !Lingers(((NetworkStream)_stream).Socket))
                await _stream.DisposeAsync().ConfigureAwait(false);
            else
                await Task.Run(() => _stream.DisposeAsync().AsTask()).ConfigureAwait(false);
        }
        catch (Exception)
        {
            // The failure was already reported to the pending read or write.
        }
    }

    /// <summary>Completes the reading half. No read may be pending.</summary>
    internal void CompleteInput()
    {
        try
        {
            if (_stream is not null || !_leaveOpen)
                _reader.Complete();
            else if (_holdsRead)
                _reader.AdvanceTo(_unread.Start); // the rest belongs to the pipe's owner
        }
        catch (Exception)
        {
            // The owner of the pipe may have completed it first.
        }
    }

    /// <summary>Completes the writing half. No flush may be pending.</summary>
    internal void CompleteOutput()
    {
        if (_stream is null && _leaveOpen)
            return;

        // Completed with an exception, a writer does not flush its rest to a stream that is closed or stalled.
        try
        {
            bool isLeft = _stream is not null || (Output.CanGetUnflushedBytes && Output.UnflushedBytes > 0);
            Output.Complete(isLeft ? Disposed : null);
        }
        catch (Exception)
        {
            // As in CompleteInput.
        }
    }

    /// <summary>
    /// Whether an exception is one that a stream or pipe throws when it fails or is closed during a call.
    /// </summary>
    internal static bool IsFailure(Exception e) =>
        e
            is (IOException and not SecureChannelException)
                or ObjectDisposedException
                or InvalidOperationException
                or SocketException;

    /// <summary>
    /// Completes both halves after a failed handshake; a half with a pending call is completed when that call returns.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        await CloseStreamAsync().WaitAsync(Limits.EndTimeout).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _ = EndReadingAsync();
        _ = EndWritingAsync();
    }

    private async Task EndReadingAsync()
    {
        if (_reading is { } read)
        {
            await ((Task)read).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (read.IsCompletedSuccessfully)
                Take(await read.ConfigureAwait(false));
        }

        CompleteInput();
    }

    private async Task EndWritingAsync()
    {
        await _writing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        CompleteOutput();
    }

    private static bool Lingers(Socket socket)
    {
        try
        {
            return socket.LingerState is { Enabled: true, LingerTime: > 0 };
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return false; // the program has closed it already
        }
    }

    // The rest was examined and is not a whole frame, so the reader completes only when more has arrived.
    private void ReleaseUnread()
    {
        _holdsRead = false;
        _consumed = 0;
        _reader.AdvanceTo(_unread.Start, _unread.End);
        _unread = default;
    }

    // The rest was not examined, so the reader returns it again at once.
    private void ReleaseConsumed()
    {
        _holdsRead = false;
        _consumed = 0;
        _reader.AdvanceTo(_unread.Start);
        _unread = default;
        if (_reader.TryRead(out ReadResult rest))
            Take(rest);
    }
}
