using System.Net.Security;
using System.Net.Sockets;
using SymRatchet.TestKit;

namespace SymRatchet.Documents.Tests.Examples;

public sealed class MigrationExamples
{
    [Fact]
    public async Task A_forwarder_carries_bytes_both_ways_and_their_end()
    {
        await using SocketPair sockets = await SocketPair.CreateAsync();
        await using ChannelPair pair = await ChannelPair.CreateAsync();
        Task forwarding = ForwardAsync(((NetworkStream)sockets.Server).Socket, pair.Client, CancellationToken.None);
        await using SecureChannelStream far = pair.Server.AsStream();

        // The program ends its request by a half-close, and still gets the whole answer.
        await sockets.Client.WriteAsync("a request"u8.ToArray());
        ((NetworkStream)sockets.Client).Socket.Shutdown(SocketShutdown.Send);
        using StreamReader requested = new(far, leaveOpen: true);
        Assert.Equal("a request", await requested.ReadToEndAsync());
        await far.WriteAsync("an answer"u8.ToArray());
        await far.CompleteWritesAsync();
        using StreamReader answered = new(sockets.Client);
        Assert.Equal("an answer", await answered.ReadToEndAsync());
        await forwarding;
    }

    [Fact]
    public async Task A_stream_over_a_channel_takes_the_place_of_one_over_TLS()
    {
        await using SocketPair sockets = await SocketPair.CreateAsync();
        Task<ISecureChannel> accepting = SecureChannel
            .AcceptAsync(sockets.Server, ChannelPair.ServerOptions(ChannelProtocol.V1))
            .AsTask();
        SecureChannelClientOptions options = ChannelPair.ClientOptions(ChannelProtocol.V1);
        await SendOverChannelAsync(sockets.Client, options, new byte[3]);
        await using ISecureChannel server = await accepting;
        Assert.Equal(new byte[3], await ChannelPair.ReceiveAsync(server));
        Assert.Null(await ChannelPair.ReceiveAsync(server));
    }

    // What is replaced; it needs a certificate, so it is compiled and not run.
    internal static async Task SendOverTlsAsync(NetworkStream connection, string host, byte[] request)
    {
        await using SslStream stream = new(connection);
        await stream.AuthenticateAsClientAsync(host);
        await stream.WriteAsync(request);
    }

    private static async Task SendOverChannelAsync(
        Stream connection,
        SecureChannelClientOptions options,
        byte[] request
    )
    {
        ISecureChannel channel = await SecureChannel.ConnectAsync(connection, options);
        await using SecureChannelStream stream = channel.AsStream();
        await stream.WriteAsync(request);
        await stream.CompleteWritesAsync();
    }

    private static async Task ForwardAsync(Socket plain, ISecureChannel channel, CancellationToken cancellationToken)
    {
        await SecureChannelRelay.RunAsync(plain, channel, cancellationToken);
    }
}
