using SymRatchet.Tunnel.Multiplexing;

namespace SymRatchet.Tunnel.Ends;

/// <summary>A channel of its own for one connection.</summary>
#pragma warning disable CA1001 // without a wait handle there is nothing to dispose
internal sealed class ChannelEnd(ISecureChannel channel) : RelayEnd
#pragma warning restore CA1001
{
    private readonly SecureChannelStream _stream = channel.AsStream();

    // Held by the copying direction during a write, and by a sign of life.
    private readonly SemaphoreSlim _writing = new(1, 1);
    private bool _isCompleted;
    private bool _hasRead;

    internal override async ValueTask<int> ReadAsync(Memory<byte> buffer)
    {
        int length = await _stream.ReadAsync(buffer).ConfigureAwait(false);
        if (!_hasRead)
            Preamble.ThrowIfMultiplexed(buffer.Span[..length]);
        _hasRead = true;
        return length;
    }

    internal override async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes)
    {
        await _writing.WaitAsync().ConfigureAwait(false);
        try
        {
            await _stream.WriteAsync(bytes).ConfigureAwait(false);
        }
        finally
        {
            _writing.Release();
        }
    }

    internal override async ValueTask CompleteWritesAsync()
    {
        await _writing.WaitAsync().ConfigureAwait(false);
        try
        {
            _isCompleted = true;
            await _stream.CompleteWritesAsync().ConfigureAwait(false);
        }
        finally
        {
            _writing.Release();
        }
    }

    // An empty message: a stream's reader skips it, and it resets the peer's keep-alive, whose PING this side cannot
    // answer before it reads again.
    internal override async ValueTask ShowLifeAsync()
    {
        if (!_writing.Wait(0))
            return;
        try
        {
            if (!_isCompleted)
                await channel.SendAsync(ReadOnlyMemory<byte>.Empty).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or InvalidOperationException)
        {
            // The copying directions see the failure, too.
        }
        finally
        {
            _writing.Release();
        }
    }

    internal override void Abort() => _stream.Abort();

    public override ValueTask DisposeAsync() => _stream.DisposeAsync();
}
