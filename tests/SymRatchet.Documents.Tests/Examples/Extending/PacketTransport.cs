using System.IO.Pipelines;

namespace SymRatchet.Documents.Tests.Examples.Extending;

/// <summary>
/// A transport over something that carries packets of a limited size, in order and without loss, such as a message
/// queue or a serial bus.
/// </summary>
internal sealed class PacketTransport : IDuplexPipe
{
    private readonly Pipe _arriving = new();
    private readonly Pipe _leaving = new();

    /// <summary>Starts to send what the channel writes.</summary>
    /// <param name="maxPacket">The largest packet, in bytes.</param>
    /// <param name="send">Sends one packet; an empty one says that no more come.</param>
    internal PacketTransport(int maxPacket, Func<ReadOnlyMemory<byte>, ValueTask> send) =>
        _ = SendAsync(maxPacket, send);

    public PipeReader Input => _arriving.Reader;

    public PipeWriter Output => _leaving.Writer;

    /// <summary>
    /// Takes one packet that arrived. Waits while the channel does not read, so memory stays bounded.
    /// </summary>
    internal async ValueTask ArrivedAsync(ReadOnlyMemory<byte> packet)
    {
        if (packet.IsEmpty)
            await _arriving.Writer.CompleteAsync();
        else
            await _arriving.Writer.WriteAsync(packet);
    }

    private async Task SendAsync(int maxPacket, Func<ReadOnlyMemory<byte>, ValueTask> send)
    {
        try
        {
            ReadResult read;
            do
            {
                read = await _leaving.Reader.ReadAsync();
                foreach (ReadOnlyMemory<byte> piece in read.Buffer)
                {
                    for (int start = 0; start < piece.Length; start += maxPacket)
                        await send(piece.Slice(start, Math.Min(maxPacket, piece.Length - start)));
                }

                _leaving.Reader.AdvanceTo(read.Buffer.End);
            } while (!read.IsCompleted);
            await send(default);
            await _leaving.Reader.CompleteAsync();
        }
        catch (IOException e)
        {
            await _leaving.Reader.CompleteAsync(e); // whoever writes hears that nobody takes it
            await _arriving.Writer.CompleteAsync(e); // and whoever reads hears why
        }
    }
}
