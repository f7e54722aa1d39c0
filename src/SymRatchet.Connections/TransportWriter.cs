using System.IO.Pipelines;

namespace SymRatchet.Connections;

/// <summary>
/// The writing half of a channel with the behaviour that Kestrel expects of a transport: after the connection is lost,
/// a flush returns a completed result instead of throwing, which Kestrel would log as an error. The reading half and
/// the connection's token report the failure.
/// </summary>
internal sealed class TransportWriter(PipeWriter inner) : PipeWriter
{
    private const int MinBufferSize = 4096;

    private static readonly FlushResult Lost = new(isCanceled: false, isCompleted: true);

    // After the connection is lost, what the handler writes is dropped, so that it does not accumulate in memory.
    private volatile bool _isLost;
    private byte[] _dropped = [];

    public override bool CanGetUnflushedBytes => inner.CanGetUnflushedBytes;

    public override long UnflushedBytes => _isLost ? 0 : inner.UnflushedBytes;

    public override void Advance(int bytes)
    {
        if (!_isLost)
            inner.Advance(bytes);
    }

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        if (!_isLost)
            return inner.GetMemory(sizeHint);
        if (_dropped.Length < Math.Max(sizeHint, 1))
            _dropped = new byte[Math.Max(sizeHint, MinBufferSize)];
        return _dropped;
    }

    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public override void CancelPendingFlush() => inner.CancelPendingFlush();

    public override void Complete(Exception? exception = null) => inner.Complete(exception);

    public override ValueTask CompleteAsync(Exception? exception = null) => inner.CompleteAsync(exception);

    public override async ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        if (_isLost)
            return Lost;
        try
        {
            return await inner.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            _isLost = true;
            return Lost;
        }
    }
}
