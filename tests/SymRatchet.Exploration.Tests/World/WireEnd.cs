using System.IO.Pipelines;

namespace SymRatchet.Exploration.World;

/// <summary>One end of a connection as a pipe.</summary>
internal sealed record WireEnd(WireReader In, WireWriter Out) : IDuplexPipe
{
    PipeReader IDuplexPipe.Input => In;

    PipeWriter IDuplexPipe.Output => Out;
}

/// <summary>
/// One end of a connection as a stream, like a socket's: a write goes in pieces, so one that is cancelled may have sent
/// a part, and disposing fails whoever reads or writes.
/// </summary>
internal sealed class WireStream(Wire @in, Wire @out) : Stream
{
    private const int Piece = 24;

    private bool _isDisposed;

    public override bool CanRead => !_isDisposed;

    public override bool CanWrite => !_isDisposed;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        ReadResult read = await @in.Reader.ReadAsync(cancellationToken);
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        int length = (int)Math.Min(buffer.Length, read.Buffer.Length);
        if (read.Buffer.IsEmpty)
            return 0;
        if (length > 0)
            read.Buffer.FirstSpan[..length].CopyTo(buffer.Span);
        @in.Reader.AdvanceTo(read.Buffer.GetPosition(length));
        return length;
    }

    public override async ValueTask WriteAsync(
        ReadOnlyMemory<byte> buffer,
        CancellationToken cancellationToken = default
    )
    {
        for (; !buffer.IsEmpty; buffer = buffer[Math.Min(Piece, buffer.Length)..])
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            cancellationToken.ThrowIfCancellationRequested();
            FlushResult flushed = await @out.Writer.WriteAsync(
                buffer[..Math.Min(Piece, buffer.Length)],
                cancellationToken
            );
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (flushed.IsCompleted)
                throw new IOException("The peer is gone.");
        }
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Flush() { }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (_isDisposed)
            return;
        _isDisposed = true;
        @in.Reader.CancelPendingRead();
        @out.Writer.CancelPendingFlush();
        @in.EndReading();
        @out.EndWriting();
        base.Dispose(disposing);
    }
}
