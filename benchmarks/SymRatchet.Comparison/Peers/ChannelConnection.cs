using System.Buffers;

namespace SymRatchet.Comparison.Peers;

/// <summary>A SymRatchet channel: messages are written without a flush and leave together.</summary>
internal sealed class ChannelConnection(ISecureChannel channel) : PeerConnection
{
    private readonly Stream _stream = channel.AsStream(closeOnDispose: true);

    internal override Stream Stream => _stream;

    internal override ValueTask SendAsync(ReadOnlyMemory<byte> message) => channel.WriteAsync(message);

    internal override ValueTask FlushAsync() => channel.FlushAsync();

    internal override async Task<long> ReceiveUntilMarkedAsync(int size)
    {
        ArrayBufferWriter<byte> message = new(size + 64);
        long messages = 0;
        while (await channel.ReceiveAsync(message))
        {
            messages++;
            if (message.WrittenSpan[0] != 0)
                return messages;
            message.ResetWrittenCount();
        }

        throw new EndOfStreamException("The peer hung up in the middle of a measurement.");
    }

    public override async ValueTask DisposeAsync()
    {
        await _stream.DisposeAsync();
        await channel.DisposeAsync();
    }
}
