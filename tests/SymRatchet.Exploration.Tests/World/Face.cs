using System.Buffers;
using System.IO.Pipelines;
using SymRatchet.Exploration.Machine;
using SymRatchet.Streams;

namespace SymRatchet.Exploration.World;

internal enum FaceKind
{
    Channel,
    Stream,
    Pipe,

    /// <summary>A pipe that leaves its channel open, and unclosed.</summary>
    BorrowedPipe,
}

/// <summary>A channel as its user sees it: as itself, or through one of the adapters.</summary>
internal abstract class Face(ISecureChannel channel)
{
    internal ISecureChannel Channel { get; } = channel;

    /// <summary>Whether disposing says to the peer that all was sent.</summary>
    internal virtual bool DisposeProvesEnd => false;

    internal static Face Of(FaceKind kind, ISecureChannel channel, Scheduler scheduler, ArrayPool<byte> pool) =>
        kind switch
        {
            FaceKind.Channel => new ChannelFace(channel, scheduler),
            FaceKind.Stream => new StreamFace(channel, pool),
            _ => new PipeFace(channel, leaveOpen: kind == FaceKind.BorrowedPipe, pool),
        };

    internal abstract ValueTask SendAsync(byte[] message, CancellationToken cancellationToken);

    internal abstract ValueTask WriteAsync(byte[] message, CancellationToken cancellationToken);

    internal abstract ValueTask FlushAsync(CancellationToken cancellationToken);

    /// <summary>Takes what there is, into a buffer that the caller keeps an eye on.</summary>
    /// <returns>How many bytes; null for an end.</returns>
    internal abstract ValueTask<int?> ReceiveAsync(byte[] buffer, CancellationToken cancellationToken);

    internal abstract ValueTask HalfCloseAsync(CancellationToken cancellationToken);

    internal abstract ValueTask AbortAsync();

    internal abstract ValueTask DisposeAsync();
}

internal sealed class ChannelFace(ISecureChannel channel, Scheduler scheduler) : Face(channel)
{
    internal override ValueTask SendAsync(byte[] message, CancellationToken cancellationToken) =>
        Channel.SendAsync(message, cancellationToken);

    internal override ValueTask WriteAsync(byte[] message, CancellationToken cancellationToken) =>
        Channel.WriteAsync(message, cancellationToken);

    internal override ValueTask FlushAsync(CancellationToken cancellationToken) =>
        Channel.FlushAsync(cancellationToken);

    internal override async ValueTask<int?> ReceiveAsync(byte[] buffer, CancellationToken cancellationToken)
    {
        Destination destination = new(buffer, scheduler);
        return await Channel.ReceiveAsync(destination, cancellationToken) ? destination.Written : null;
    }

    internal override ValueTask HalfCloseAsync(CancellationToken cancellationToken) =>
        Channel.CloseAsync(cancellationToken);

    internal override ValueTask AbortAsync() => Channel.DisposeAsync();

    internal override ValueTask DisposeAsync() => Channel.DisposeAsync();

    private sealed class Destination(byte[] buffer, Scheduler scheduler) : IBufferWriter<byte>
    {
        internal int Written { get; private set; }

        public Memory<byte> GetMemory(int sizeHint = 0)
        {
            scheduler.Yield("receiver's buffer");
            return buffer.AsMemory(Written);
        }

        public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

        public void Advance(int count)
        {
            scheduler.Yield("receiver's advance");
            Written += count;
        }
    }
}

internal sealed class StreamFace(ISecureChannel channel, ArrayPool<byte> pool) : Face(channel)
{
    // Smaller than most messages, so that a rest is left.
    private const int ReadSize = 7;

    private readonly SecureChannelStream _stream = new(channel, leaveOpen: false, closeOnDispose: false, pool);

    internal override ValueTask SendAsync(byte[] message, CancellationToken cancellationToken) =>
        _stream.WriteAsync(message, cancellationToken);

    internal override ValueTask WriteAsync(byte[] message, CancellationToken cancellationToken) =>
        _stream.WriteAsync(message, cancellationToken);

    internal override ValueTask FlushAsync(CancellationToken cancellationToken) =>
        new(_stream.FlushAsync(cancellationToken));

    internal override async ValueTask<int?> ReceiveAsync(byte[] buffer, CancellationToken cancellationToken) =>
        await _stream.ReadAsync(buffer.AsMemory(0, ReadSize), cancellationToken) is > 0 and int count ? count : null;

    internal override ValueTask HalfCloseAsync(CancellationToken cancellationToken) =>
        _stream.CompleteWritesAsync(cancellationToken);

    internal override ValueTask AbortAsync()
    {
        _stream.Abort();
        return default;
    }

    internal override ValueTask DisposeAsync() => _stream.DisposeAsync();
}

internal sealed class PipeFace(ISecureChannel channel, bool leaveOpen, ArrayPool<byte> pool) : Face(channel)
{
    private readonly ChannelDuplexPipe _pipe = new(channel, leaveOpen, pool);

    internal override bool DisposeProvesEnd => true;

    internal override async ValueTask SendAsync(byte[] message, CancellationToken cancellationToken)
    {
        if ((await _pipe.Output.WriteAsync(message, cancellationToken)).IsCanceled)
            throw new OperationCanceledException();
    }

    internal override ValueTask WriteAsync(byte[] message, CancellationToken cancellationToken)
    {
        _pipe.Output.Write(message);
        return default;
    }

    internal override async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        if ((await _pipe.Output.FlushAsync(cancellationToken)).IsCanceled)
            throw new OperationCanceledException();
    }

    internal override async ValueTask<int?> ReceiveAsync(byte[] buffer, CancellationToken cancellationToken)
    {
        ReadResult read = await _pipe.Input.ReadAsync(cancellationToken);
        int count = (int)Math.Min(read.Buffer.Length, buffer.Length);
        foreach (ReadOnlyMemory<byte> piece in read.Buffer.Slice(0, count))
            piece.Span.CopyTo(buffer);
        _pipe.Input.AdvanceTo(read.Buffer.GetPosition(count));
        return count == 0 && read.IsCompleted ? null : count;
    }

    internal override ValueTask HalfCloseAsync(CancellationToken cancellationToken) => _pipe.Output.CompleteAsync();

    internal override async ValueTask AbortAsync()
    {
        await _pipe.Output.CompleteAsync(new IOException("given up"));
        await _pipe.Input.CompleteAsync(new IOException("given up"));
    }

    internal override async ValueTask DisposeAsync()
    {
        await _pipe.Output.CompleteAsync();
        await _pipe.Input.CompleteAsync();
        if (leaveOpen)
            await Channel.DisposeAsync();
    }
}
