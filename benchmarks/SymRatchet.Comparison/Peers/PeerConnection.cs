using System.Buffers.Binary;
using SymRatchet.Comparison.Running;
using SymRatchet.Comparison.Scenarios;

namespace SymRatchet.Comparison.Peers;

/// <summary>One end of an established connection, however it is protected.</summary>
internal abstract class PeerConnection : IAsyncDisposable
{
    /// <summary>The connection as a stream of bytes.</summary>
    internal abstract Stream Stream { get; }

    /// <summary>Sends one message, or puts it beside others as far as the peer's API does so by itself.</summary>
    internal virtual ValueTask SendAsync(ReadOnlyMemory<byte> message) => Stream.WriteAsync(message);

    /// <summary>Sends a block, which stays as it is until the next flush.</summary>
    internal virtual ValueTask SendBlockAsync(ReadOnlyMemory<byte> block) => Stream.WriteAsync(block);

    /// <summary>Sends what was put beside others.</summary>
    internal virtual ValueTask FlushAsync() => default;

    /// <summary>Receives messages of one size until one begins with a byte that is not 0.</summary>
    /// <returns>How many came.</returns>
    internal virtual async Task<long> ReceiveUntilMarkedAsync(int size)
    {
        // A stream has no messages: as many as fit are read at once, as a program with a buffer would.
        byte[] buffer = new byte[Math.Max(size, 64 * 1024 / size * size)];
        int filled = 0;
        long messages = 0;
        while (true)
        {
            int read = await Stream.ReadAsync(buffer.AsMemory(filled));
            if (read == 0)
                throw new EndOfStreamException("The peer hung up in the middle of a measurement.");
            filled += read;
            int whole = filled / size * size;
            for (int at = 0; at < whole; at += size, messages++)
            {
                if (buffer[at] != 0)
                    return messages + 1;
            }

            buffer.AsSpan(whole, filled - whole).CopyTo(buffer);
            filled -= whole;
        }
    }

    /// <summary>Receives blocks until one begins with a byte that is not 0.</summary>
    /// <returns>How many came.</returns>
    internal virtual async Task<long> ReceiveBlocksUntilMarkedAsync()
    {
        byte[] block = new byte[Sizes.Block];
        long blocks = 0;
        do
        {
            await Stream.ReadExactlyAsync(block);
            blocks++;
        } while (block[0] == 0);
        return blocks;
    }

    /// <summary>Ends this direction, and waits until the other side has ended the other one.</summary>
    internal virtual Task CloseAsync() => throw new NotSupportedException();

    public abstract ValueTask DisposeAsync();

    internal async Task SendNumberAsync(long number)
    {
        byte[] bytes = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(bytes, number);
        await Stream.WriteAsync(bytes);
        await Stream.FlushAsync();
    }

    internal async Task<long> ReceiveNumberAsync()
    {
        byte[] bytes = new byte[sizeof(long)];
        await Stream.ReadExactlyAsync(bytes);
        return BinaryPrimitives.ReadInt64BigEndian(bytes);
    }

    internal async Task SendWorkAsync(Work work)
    {
        await Stream.WriteAsync(new[] { (byte)work });
        await Stream.FlushAsync();
    }

    internal async Task<Work> ReceiveWorkAsync() =>
        await TryReceiveWorkAsync()
        ?? throw new EndOfStreamException("The peer hung up in the middle of a measurement.");

    /// <summary>
    /// What is asked for next, or null where the peer is done: an exception for each connection that ends would be
    /// measured with the next one.
    /// </summary>
    internal async Task<Work?> TryReceiveWorkAsync()
    {
        byte[] one = new byte[1];
        return await Stream.ReadAsync(one) == 1 ? (Work)one[0] : null;
    }
}
