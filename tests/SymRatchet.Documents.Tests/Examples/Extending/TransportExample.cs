using System.IO.Pipes;
using System.Net.WebSockets;
using System.Threading.Channels;
using SymRatchet.TestKit;

namespace SymRatchet.Documents.Tests.Examples.Extending;

public sealed class TransportExample
{
    private const int MaxPacket = 200;

    private readonly SecureChannelClientOptions _client = ChannelPair.ClientOptions(ChannelProtocol.V1);
    private readonly SecureChannelServerOptions _server = ChannelPair.ServerOptions(ChannelProtocol.V1);

    [Fact]
    public async Task A_channel_runs_over_packets()
    {
        Channel<byte[]> toServer = System.Threading.Channels.Channel.CreateUnbounded<byte[]>();
        Channel<byte[]> toClient = System.Threading.Channels.Channel.CreateUnbounded<byte[]>();
        PacketTransport client = new(MaxPacket, packet => toServer.Writer.WriteAsync(packet.ToArray()));
        PacketTransport server = new(MaxPacket, packet => toClient.Writer.WriteAsync(packet.ToArray()));
        Task carrying = Task.WhenAll(CarryAsync(toServer.Reader, server), CarryAsync(toClient.Reader, client));

        await using (ChannelPair pair = await ChannelPair.OverAsync(client, server, _client, _server))
            await pair.RoundAsync(new byte[100_000], [1]);
        await carrying;
    }

    [Fact]
    public async Task A_bus_that_fails_is_a_transport_that_fails()
    {
        PacketTransport broken = new(MaxPacket, _ => throw new IOException("the bus is off"));
        SecureChannelException failure = await Assert.ThrowsAsync<SecureChannelException>(async () =>
            await SecureChannel.ConnectAsync(broken, _client)
        );
        Assert.Equal(SecureChannelError.Transport, failure.Error);
    }

    [Fact]
    public async Task A_channel_runs_over_TCP()
    {
        await using SocketPair sockets = await SocketPair.CreateAsync();
        Task<ISecureChannel> accepting = AcceptAsync(sockets.Server);
        Stream stream = sockets.Client;
        await using ISecureChannel channel = await SecureChannel.ConnectAsync(stream, _client);
        await using ChannelPair pair = new(channel, await accepting);
        await pair.RoundAsync([1], [2]);
    }

    [Fact]
    public async Task A_channel_runs_over_a_named_pipe()
    {
        string name = $"symratchet-{Guid.NewGuid():N}";
        await using NamedPipeServerStream listening = new(
            name,
            PipeDirection.InOut,
            1,
            PipeTransmissionMode.Byte,
            PipeOptions.Asynchronous
        );
        Task<ISecureChannel> accepting = AcceptAsync(listening);
        NamedPipeClientStream pipe = new(".", name, PipeDirection.InOut, PipeOptions.Asynchronous);
        await pipe.ConnectAsync();
        await using ISecureChannel channel = await SecureChannel.ConnectAsync(pipe, _client);
        await using ChannelPair pair = new(channel, await accepting);
        await pair.RoundAsync([1], [2]);
    }

    [Fact]
    public async Task A_channel_runs_over_a_WebSocket()
    {
        await using SocketPair sockets = await SocketPair.CreateAsync();
        using var clientSocket = WebSocket.CreateFromStream(sockets.Client, new WebSocketCreationOptions());
        using var serverSocket = WebSocket.CreateFromStream(
            sockets.Server,
            new WebSocketCreationOptions { IsServer = true }
        );
        Task<ISecureChannel> accepting = AcceptAsync(WebSocketStream.Create(serverSocket, WebSocketMessageType.Binary));
        await using ISecureChannel channel = await ConnectAsync(clientSocket);
        await using ChannelPair pair = new(channel, await accepting);
        await pair.RoundAsync([1], [2]);
    }

    private async Task<ISecureChannel> AcceptAsync(Stream stream)
    {
        if (stream is NamedPipeServerStream listening)
            await listening.WaitForConnectionAsync();
        return await SecureChannel.AcceptAsync(stream, _server);
    }

    private async Task<ISecureChannel> ConnectAsync(WebSocket socket)
    {
        Stream stream = WebSocketStream.Create(socket, WebSocketMessageType.Binary);
        return await SecureChannel.ConnectAsync(stream, _client);
    }

    private static async Task CarryAsync(ChannelReader<byte[]> packets, PacketTransport to)
    {
        byte[] packet;
        do
        {
            packet = await packets.ReadAsync();
            Assert.True(packet.Length <= MaxPacket);
            await to.ArrivedAsync(packet);
        } while (packet.Length > 0);
    }
}
