using System.Net.Sockets;
using SymRatchet.Comparison.Scenarios;

namespace SymRatchet.Comparison.Peers;

/// <summary>
/// A plain socket, used as well as it can be: small messages are put together as a channel puts them together, and
/// blocks are received into a buffer for several of them.
/// </summary>
internal sealed class SocketConnection(NetworkStream stream) : PeerConnection
{
    private const int BlocksAtOnce = 4;

    private readonly byte[] _together = new byte[Sizes.Block];
    private int _filled;

    internal override Stream Stream => stream;

    internal override async ValueTask SendAsync(ReadOnlyMemory<byte> message)
    {
        if (message.Length > _together.Length - _filled)
            await FlushAsync();
        message.Span.CopyTo(_together.AsSpan(_filled));
        _filled += message.Length;
    }

    internal override async ValueTask FlushAsync()
    {
        int filled = _filled;
        _filled = 0;
        await stream.WriteAsync(_together.AsMemory(0, filled));
    }

    internal override async Task<long> ReceiveBlocksUntilMarkedAsync()
    {
        byte[] buffer = new byte[BlocksAtOnce * Sizes.Block];
        int filled = 0;
        long blocks = 0;
        while (true)
        {
            int before = filled / Sizes.Block;
            filled += await ReadAsync(buffer.AsMemory(filled));
            for (int block = before; block < filled / Sizes.Block; block++, blocks++)
            {
                if (buffer[block * Sizes.Block] != 0)
                    return blocks + 1;
            }

            if (filled == buffer.Length)
                filled = 0;
        }
    }

    public override ValueTask DisposeAsync() => stream.DisposeAsync();

    private async ValueTask<int> ReadAsync(Memory<byte> buffer) =>
        await stream.ReadAsync(buffer) is > 0 and int read
            ? read
            : throw new EndOfStreamException("The peer hung up in the middle of a measurement.");
}
