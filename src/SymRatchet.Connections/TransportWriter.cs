using System.IO.Pipelines;

namespace SymRatchet.Connections;

/// <summary>
/// The writing half of a channel as Kestrel knows its transports: once the connection is gone, a flush says that nobody
/// reads any more and does not throw, which Kestrel would log as an error. The reading half and the connection's token
/// tell why.
/// </summary>
internal sealed class TransportWriter(PipeWriter inner) : PipeWriter
{
    private const int LeastBuffer = 4096;

    private static readonly FlushResult Gone = new(isCanceled: false, isCompleted: true);

    // Where the connection is gone, what a handler goes on to write is dropped here: it must not gather in memory.
    private volatile bool _isGone;
    private byte[] _dropped = [];

    public override bool CanGetUnflushedBytes => inner.CanGetUnflushedBytes;

    public override long UnflushedBytes => _isGone ? 0 : inner.UnflushedBytes;

    public override void Advance(int bytes)
    {
        if (!_isGone)
            inner.Advance(bytes);
    }

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        if (!_isGone)
            return inner.GetMemory(sizeHint);
        if (_dropped.Length < Math.Max(sizeHint, 1))
            _dropped = new byte[Math.Max(sizeHint, LeastBuffer)];
        return _dropped;
    }

    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public override void CancelPendingFlush() => inner.CancelPendingFlush();

    public override void Complete(Exception? exception = null) => inner.Complete(exception);

    public override ValueTask CompleteAsync(Exception? exception = null) => inner.CompleteAsync(exception);

    public override async ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        if (_isGone)
            return Gone;
        try
        {
            return await inner.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            _isGone = true;
            return Gone;
        }
    }
}
