using System.Buffers;
using System.Net;
using System.Net.Sockets;

namespace SymRatchet.KeyStores.CrashProcess;

/// <summary>One session after the other, with one message in each.</summary>
internal sealed class EchoClient(SecureChannelClientOptions options)
{
    /// <summary>Runs for ever, and reports each session that was good.</summary>
    internal async Task RunAsync(EndPoint server)
    {
        while (true)
        {
            try
            {
                Console.WriteLine($"session {await ExchangeAsync(server)}");
            }
            catch (Exception e)
                when (e
                        is SocketException
                            or SecureChannelException
                            {
                                Error: SecureChannelError.Truncated
                                    or SecureChannelError.Transport
                                    or SecureChannelError.Refused
                            }
                )
            {
                // The server was killed, and will be back. A client cannot tell this from a refusal, but a server that
                // refuses says so itself.
                await Task.Delay(2);
            }
            catch (SecureChannelException e)
            {
                Console.WriteLine($"failed {e.Error}: {e.Message}");
            }
        }
    }

    private async Task<long> ExchangeAsync(EndPoint server)
    {
        Socket socket = new(server.AddressFamily, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(server);
        }
        catch
        {
            socket.Dispose();
            throw;
        }

        await using ISecureChannel channel = await SecureChannel.ConnectAsync(
            new NetworkStream(socket, ownsSocket: true),
            options
        );
        await channel.SendAsync(new byte[] { 42 });
        ArrayBufferWriter<byte> answer = new();
        if (!await channel.ReceiveAsync(answer) || answer.WrittenSpan is not [42])
            throw new InvalidOperationException("The answer is not what was sent.");
        await channel.CloseAsync();
        return channel.Peer.Epoch;
    }
}
