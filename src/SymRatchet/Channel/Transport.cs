using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using SymRatchet.Protocol1;

namespace SymRatchet.Channel;

/// <summary>
/// A stream or pipe as the channel sees it: unread bytes on one side, memory to seal into on the other.
/// </summary>
internal sealed class Transport : IAsyncDisposable
{
    // Large reads for large records; an idle connection waits with no buffer at all.
    private static readonly StreamPipeReaderOptions ReaderOptions = new(
        bufferSize: 64 * 1024,
        minimumReadSize: 4 * 1024,
        leaveOpen: true,
        useZeroByteReads: true
    );
    private static readonly StreamPipeWriterOptions WriterOptions = new(minimumBufferSize: 16 * 1024, leaveOpen: true);

    private const int GiveBackThreshold = 16 * 1024;

    private static readonly IOException Abandoned = new("The channel is disposed.");

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

    /// <summary>What has arrived and is not consumed.</summary>
    internal ref readonly ReadOnlySequence<byte> Unread => ref _unread;

    /// <summary>For logs: the name of a Unix socket is what its owner made it.</summary>
    internal string RemoteName => RemoteEndPoint?.ToString() is { } name ? KeyText.ToLogSafe(name) : "the peer";

    internal IPAddress? RemoteAddress => (RemoteEndPoint as IPEndPoint)?.Address;

    internal EndPoint? RemoteEndPoint { get; private init; }

    /// <summary>The other end of a socket's stream; null where it is no socket, or is gone already.</summary>
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
    /// Drops the first bytes of <see cref="Unread"/>. The reader is told once nothing is left, or a good piece has
    /// gone: one call for many small messages, and a writer at the other end of a pipe is not held up by what was read
    /// already.
    /// </summary>
    internal void Consume(int length)
    {
        _unread = _unread.Slice(length);
        _consumed += length;
        if (_unread.IsEmpty)
            GiveBack();
        else if (_consumed >= GiveBackThreshold)
            GiveBackConsumed();
    }

    internal void CopyFirst(Span<byte> destination) => _unread.Slice(0, destination.Length).CopyTo(destination);

    /// <summary>Begins to wait for more bytes than are there. <see cref="Take"/> is given the result.</summary>
    internal ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken)
    {
        if (_holdsRead)
            GiveBack();
        return _reader.ReadAsync(cancellationToken);
    }

    internal void Take(ReadResult result)
    {
        _unread = result.Buffer;
        _holdsRead = true;
        HasEnded = result.IsCompleted || result.IsCanceled;
    }

    /// <summary>
    /// For a handshake: waits for more bytes than are there, and no longer than its token, whatever the transport does.
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

    /// <summary>For a handshake: sends, and waits no longer than its token, whatever the transport does.</summary>
    internal async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        Task<FlushResult> write = BeginAsync(() => Output.WriteAsync(bytes, cancellationToken).AsTask());
        _writing = write;
        await write.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    // A stream of somebody's own may block where it should be asynchronous, and then it is not the handshake that
    // waits.
    private Task<T> BeginAsync<T>(Func<Task<T>> call) => _stream is null or NetworkStream ? call() : Task.Run(call);

    /// <summary>
    /// Closes the stream beneath, which wakes whoever still reads or writes. Not a pipe, nor what is left open.
    /// </summary>
    internal async Task CloseStreamAsync()
    {
        if (_stream is null || _leaveOpen)
            return;
        try
        {
            // On the pool: a stream may block where it should be asynchronous.
            await Task.Run(() => _stream.DisposeAsync().AsTask()).ConfigureAwait(false);
        }
        catch (Exception)
        {
            // A stream that cannot even be closed has told its failure to whoever read or wrote.
        }
    }

    /// <summary>Ends the reading half, once nobody reads any more.</summary>
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
            // A pipe that cannot be given back is its owner's, who completed it first, or is beyond help.
        }
    }

    /// <summary>Ends the writing half, once nobody writes any more.</summary>
    internal void CompleteOutput()
    {
        if (_stream is null && _leaveOpen)
            return;

        // With an exception, a writer does not flush what is left to a stream that is gone, or that takes nothing.
        try
        {
            bool isLeft = _stream is not null || (Output.CanGetUnflushedBytes && Output.UnflushedBytes > 0);
            Output.Complete(isLeft ? Abandoned : null);
        }
        catch (Exception)
        {
            // As for the input.
        }
    }

    /// <summary>
    /// Whether an exception is what a stream or pipe throws when it breaks or is closed under a call.
    /// </summary>
    internal static bool IsFailure(Exception e) =>
        e
            is (IOException and not SecureChannelException)
                or ObjectDisposedException
                or InvalidOperationException
                or SocketException;

    /// <summary>
    /// Ends both halves of a handshake that failed; a call that has not come back ends its half when it does.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        await CloseStreamAsync()
            .WaitAsync(Limits.TerminateTimeout)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
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

    // Whatever is left was looked at and is not enough: the reader wakes only for more.
    private void GiveBack()
    {
        _holdsRead = false;
        _consumed = 0;
        _reader.AdvanceTo(_unread.Start, _unread.End);
        _unread = default;
    }

    // What is left was not looked at, so it is there again at once.
    private void GiveBackConsumed()
    {
        _holdsRead = false;
        _consumed = 0;
        _reader.AdvanceTo(_unread.Start);
        _unread = default;
        if (_reader.TryRead(out ReadResult rest))
            Take(rest);
    }
}
