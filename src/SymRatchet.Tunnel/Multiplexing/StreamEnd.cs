using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Nerdbank.Streams;
using SymRatchet.Tunnel.Ends;

namespace SymRatchet.Tunnel.Multiplexing;

/// <summary>
/// One connection as a stream of a multiplexer. Its bytes are chunks with their length before them (4 bytes,
/// big-endian), and a chunk of length 0 is the orderly end: how a stream of the multiplexer ends by itself does not say
/// whether all was said. Once both have ended, each side says with a header of its own that it has read the other's
/// end, and waits for that: a link that ends takes with it what it has delivered and nobody has read.
/// </summary>
internal sealed class StreamEnd(MultiplexingStream.Channel stream, Action? onDisposed = null) : RelayEnd
{
    private const int HeaderSize = sizeof(uint);
    private const int MaxChunk = 64 * 1024;
    private const uint EndRead = uint.MaxValue;

    private readonly PipeReader _input = stream.Input;
    private readonly PipeWriter _output = stream.Output;
    private readonly Lock _gate = new();
    private int _left; // bytes of the present chunk that were not read
    private int _ended; // directions that have ended in order
    private Task? _finished;
    private int _isDisposed;

    internal override async ValueTask<int> ReadAsync(Memory<byte> buffer)
    {
        while (true)
        {
            ReadResult read = await OrIOException(_input.ReadAsync()).ConfigureAwait(false);
            ReadOnlySequence<byte> bytes = read.Buffer;
            if (_left == 0 && bytes.Length >= HeaderSize)
            {
                uint length = LengthOf(bytes);
                bytes = bytes.Slice(HeaderSize);
                if (length == 0)
                {
                    _input.AdvanceTo(bytes.Start);
                    Interlocked.Increment(ref _ended);
                    return 0;
                }

                if (length > MaxChunk)
                    throw new IOException("The other side sent a chunk above the limit.");
                _left = (int)length;
            }

            int taken = (int)Math.Min(Math.Min(_left, buffer.Length), bytes.Length);
            if (taken > 0)
            {
                bytes.Slice(0, taken).CopyTo(buffer.Span);
                _left -= taken;
                _input.AdvanceTo(bytes.GetPosition(taken));
                return taken;
            }

            _input.AdvanceTo(bytes.Start, read.Buffer.End);
            if (read.IsCompleted || read.IsCanceled)
                throw new IOException("The other side ended the connection before its end.");
        }
    }

    internal override async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            ReadOnlyMemory<byte> chunk = bytes[..Math.Min(bytes.Length, MaxChunk)];
            await SendAsync((uint)chunk.Length, chunk).ConfigureAwait(false);
            bytes = bytes[chunk.Length..];
        }
    }

    internal override async ValueTask CompleteWritesAsync()
    {
        await SendAsync(0, default).ConfigureAwait(false);
        Interlocked.Increment(ref _ended);
    }

    internal override void Abort() => stream.Dispose();

    /// <summary>
    /// Ends the stream: after both ends, once the other side has read this one's, or when the link or
    /// <see cref="Abort"/> ends it; at once otherwise.
    /// </summary>
    public override async ValueTask DisposeAsync()
    {
        if (Volatile.Read(ref _ended) == 2)
        {
            Task finished;
            lock (_gate)
                finished = _finished ??= Task.Run(FinishAsync);
            await finished.ConfigureAwait(false);
        }

        stream.Dispose();
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
            onDisposed?.Invoke();
    }

    // All was said, so a failure loses nothing but the other side's word that it has read it.
    private async Task FinishAsync()
    {
        try
        {
            await SendAsync(EndRead, default).ConfigureAwait(false);
            await _output.CompleteAsync().ConfigureAwait(false);
            ReadResult read = await OrIOException(_input.ReadAtLeastAsync(HeaderSize)).ConfigureAwait(false);
            if (read.Buffer.Length < HeaderSize || LengthOf(read.Buffer) != EndRead)
                return;
            await _input.CompleteAsync().ConfigureAwait(false);

            // The stream closes by itself once everything has been sent. Until then its link must stay.
            await stream.Completion.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        catch (IOException)
        {
            // The link has ended.
        }
    }

    private static uint LengthOf(in ReadOnlySequence<byte> bytes)
    {
        Span<byte> header = stackalloc byte[HeaderSize];
        bytes.Slice(0, HeaderSize).CopyTo(header);
        return BinaryPrimitives.ReadUInt32BigEndian(header);
    }

    private async ValueTask SendAsync(uint header, ReadOnlyMemory<byte> chunk)
    {
        FlushResult flushed;
        try
        {
            Span<byte> space = _output.GetSpan(HeaderSize + chunk.Length);
            BinaryPrimitives.WriteUInt32BigEndian(space, header);
            chunk.Span.CopyTo(space[HeaderSize..]);
            _output.Advance(HeaderSize + chunk.Length);
            flushed = await _output.FlushAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is not IOException)
        {
            throw new IOException(e.Message, e);
        }

        if (flushed.IsCompleted || flushed.IsCanceled)
            throw new IOException("The other side no longer reads the connection.");
    }

    private static async ValueTask<ReadResult> OrIOException(ValueTask<ReadResult> call)
    {
        try
        {
            return await call.ConfigureAwait(false);
        }
        catch (Exception e) when (e is not IOException)
        {
            throw new IOException(e.Message, e);
        }
    }
}
