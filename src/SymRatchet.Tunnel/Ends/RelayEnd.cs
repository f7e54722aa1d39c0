namespace SymRatchet.Tunnel.Ends;

/// <summary>
/// One of the two connections of a relay: a socket, a channel, or a stream of a multiplexer. The relay needs no more
/// of it than this, so it does not care which it is.
/// </summary>
/// <remarks>
/// One read and one write may run at the same time. <see cref="Abort"/> may be called at any time, and makes pending
/// calls fail.
/// </remarks>
internal abstract class RelayEnd : IAsyncDisposable
{
    /// <summary>Reads what has arrived.</summary>
    /// <returns>The number of bytes; 0 only after an orderly end of the peer's direction.</returns>
    /// <exception cref="IOException">The connection failed, or ended otherwise than in order.</exception>
    internal abstract ValueTask<int> ReadAsync(Memory<byte> buffer);

    /// <summary>Writes and sends bytes.</summary>
    /// <exception cref="IOException">The connection failed.</exception>
    internal abstract ValueTask WriteAsync(ReadOnlyMemory<byte> bytes);

    /// <summary>Ends this direction in order, after all written bytes. Reading continues.</summary>
    /// <exception cref="IOException">The connection failed.</exception>
    internal abstract ValueTask CompleteWritesAsync();

    /// <summary>
    /// Shows a peer that waits for data that this side is alive, although it does not read at present.
    /// </summary>
    /// <remarks>Does nothing if a write is in progress, or where the connection needs no such sign.</remarks>
    internal virtual ValueTask ShowLifeAsync() => default;

    /// <summary>Ends both directions at once, so that the peer sees an error and not an orderly end.</summary>
    internal abstract void Abort();

    /// <summary>
    /// Closes in order if both directions have ended in order; called once, after the last other call.
    /// </summary>
    public abstract ValueTask DisposeAsync();
}
