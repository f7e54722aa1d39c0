using System.Net.Sockets;
using System.Runtime.InteropServices;
using SymRatchet.Comparison.Scenarios;

namespace SymRatchet.Comparison.Peers;

/// <summary>
/// A plain socket, used as well as it can be: small messages are put together as a channel puts them together, and
/// several blocks take one call of the system on either side. Of the ways that were tried it is the fastest.
/// </summary>
internal sealed class SocketConnection(NetworkStream stream) : PeerConnection
{
    private const int BlocksAtOnce = 4;

    private readonly List<ArraySegment<byte>> _blocks = [];
    private byte[] _together = []; // made with the first message: an idle connection has none
    private int _filled;

    internal override Stream Stream => stream;

    internal override async ValueTask SendAsync(ReadOnlyMemory<byte> message)
    {
        if (_together.Length == 0)
            _together = new byte[Sizes.Block];
        if (message.Length > _together.Length - _filled)
            await FlushAsync();
        message.Span.CopyTo(_together.AsSpan(_filled));
        _filled += message.Length;
    }

    internal override ValueTask SendBlockAsync(ReadOnlyMemory<byte> block)
    {
        if (!MemoryMarshal.TryGetArray(block, out ArraySegment<byte> segment))
            throw new ArgumentException("A block is an array.", nameof(block));
        _blocks.Add(segment);
        return _blocks.Count == BlocksAtOnce ? SendBlocksAsync() : default;
    }

    internal override async ValueTask FlushAsync()
    {
        int filled = _filled;
        _filled = 0;
        if (filled > 0)
            await stream.WriteAsync(_together.AsMemory(0, filled));
        await SendBlocksAsync();
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

    internal override async Task CloseAsync()
    {
        stream.Socket.Shutdown(SocketShutdown.Send);
        if (await stream.ReadAsync(new byte[1]) != 0)
            throw new IOException("More came than was asked for.");
    }

    public override ValueTask DisposeAsync() => stream.DisposeAsync();

    private async ValueTask SendBlocksAsync()
    {
        while (_blocks.Count > 0)
        {
            int sent = await stream.Socket.SendAsync(_blocks, SocketFlags.None);
            while (_blocks is [var first, ..] && sent >= first.Count)
            {
                sent -= first.Count;
                _blocks.RemoveAt(0);
            }

            if (sent > 0)
                _blocks[0] = _blocks[0][sent..];
        }
    }

    private async ValueTask<int> ReadAsync(Memory<byte> buffer) =>
        await stream.ReadAsync(buffer) is > 0 and int read
            ? read
            : throw new EndOfStreamException("The peer hung up in the middle of a measurement.");
}
