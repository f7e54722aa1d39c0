using System.Buffers;
using System.IO.Pipelines;

namespace SymRatchet.TestKit;

/// <summary>A client and a server channel over one connection, and short ways to use them.</summary>
public sealed class ChannelPair(ISecureChannel client, ISecureChannel server) : IAsyncDisposable
{
    public const string ClientName = "7";

    private static readonly byte[] Key = [.. Enumerable.Range(1, PreSharedKey.Size).Select(i => (byte)i)];

    public ISecureChannel Client { get; } = client;

    public ISecureChannel Server { get; } = server;

    public static PreSharedKey KeyFor(ChannelProtocol protocol) =>
        protocol == ChannelProtocol.Seed
            ? PreSharedKey.ForSeed(7, Key.AsSpan(0, PreSharedKey.SeedKeySize))
            : PreSharedKey.Import(ClientName, Key);

    public static SecureChannelClientOptions ClientOptions(ChannelProtocol protocol) =>
        new() { Protocol = protocol, Key = KeyFor(protocol) };

    public static SecureChannelServerOptions ServerOptions(ChannelProtocol protocol)
    {
        InMemoryKeyStore keys = new(ChannelRole.Server);
        keys.Add(KeyFor(protocol));
        return new SecureChannelServerOptions { Protocol = protocol, Keys = keys };
    }

    public static Task<ChannelPair> CreateAsync(
        ChannelProtocol protocol = ChannelProtocol.V1,
        PipeOptions? pipeOptions = null
    ) => CreateAsync(ClientOptions(protocol), ServerOptions(protocol), pipeOptions);

    public static async Task<ChannelPair> CreateAsync(
        SecureChannelClientOptions client,
        SecureChannelServerOptions server,
        PipeOptions? pipeOptions = null
    )
    {
        PipePair pipes = new(pipeOptions);
        return await OverAsync(pipes.Client, pipes.Server, client, server);
    }

    public static async Task<ChannelPair> OverAsync(
        IDuplexPipe clientEnd,
        IDuplexPipe serverEnd,
        SecureChannelClientOptions client,
        SecureChannelServerOptions server
    )
    {
        Task<ISecureChannel> connecting = SecureChannel.ConnectAsync(clientEnd, client).AsTask();
        Task<ISecureChannel> accepting = SecureChannel.AcceptAsync(serverEnd, server).AsTask();
        await Task.WhenAll(connecting, accepting);
        return new ChannelPair(await connecting, await accepting);
    }

    public static async Task<ChannelPair> OverSocketsAsync(
        SecureChannelClientOptions client,
        SecureChannelServerOptions server
    )
    {
        SocketPair sockets = await SocketPair.CreateAsync();
        Task<ISecureChannel> connecting = SecureChannel.ConnectAsync(sockets.Client, client).AsTask();
        Task<ISecureChannel> accepting = SecureChannel.AcceptAsync(sockets.Server, server).AsTask();
        await Task.WhenAll(connecting, accepting);
        return new ChannelPair(await connecting, await accepting);
    }

    /// <summary>The next message, or null after an authenticated close.</summary>
    public static async Task<byte[]?> ReceiveAsync(
        ISecureChannel channel,
        CancellationToken cancellationToken = default
    )
    {
        ArrayBufferWriter<byte> buffer = new();
        return await channel.ReceiveAsync(buffer, cancellationToken) ? buffer.WrittenSpan.ToArray() : null;
    }

    /// <summary>
    /// One message each way, which both protocols allow; throws where what arrives is not what was sent.
    /// </summary>
    public async Task RoundAsync(byte[] request, byte[] response)
    {
        await PassAsync(Client, Server, request);
        await PassAsync(Server, Client, response);
    }

    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        await Server.DisposeAsync();
    }

    // Received while it is sent: a message may be larger than what the transport holds.
    private static async Task PassAsync(ISecureChannel from, ISecureChannel to, byte[] sent)
    {
        Task sending = from.SendAsync(sent).AsTask();
        byte[]? received = await ReceiveAsync(to);
        await sending;
        if (received is null || !sent.AsSpan().SequenceEqual(received))
            throw new InvalidOperationException("What arrived is not what was sent.");
    }
}
