using System.Buffers;
using System.Net;
using System.Net.Sockets;

namespace SymRatchet.KeyStores.CrashProcess;

/// <summary>Accepts for ever, and answers every message with itself.</summary>
internal sealed class EchoServer(SecureChannelServerOptions options)
{
    internal async Task RunAsync(EndPoint endPoint)
    {
        using Socket listener = new(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(endPoint);
        listener.Listen(512);
        Console.WriteLine($"listening {listener.LocalEndPoint}");
        while (true)
            _ = ServeAsync(await listener.AcceptAsync());
    }

    private async Task ServeAsync(Socket socket)
    {
        try
        {
            await using ISecureChannel channel = await SecureChannel.AcceptAsync(
                new NetworkStream(socket, ownsSocket: true),
                options
            );
            ArrayBufferWriter<byte> message = new();
            while (await channel.ReceiveAsync(message))
            {
                await channel.SendAsync(message.WrittenMemory);
                message.Clear();
            }
        }
        catch (SecureChannelException e) when (e.Error is SecureChannelError.Truncated or SecureChannelError.Transport)
        {
            // The other process was killed.
        }
        catch (SecureChannelException e)
        {
            Console.WriteLine($"failed {e.Error}: {e.Message}");
        }
    }
}
