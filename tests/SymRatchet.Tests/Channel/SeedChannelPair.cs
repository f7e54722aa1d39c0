using System.Buffers;
using System.IO.Pipelines;
using SymRatchet.TestKit;

namespace SymRatchet.Tests.Channel;

/// <summary>A client and a server channel that speak seed over a connection in memory.</summary>
internal sealed class SeedChannelPair(ISecureChannel client, ISecureChannel server) : IAsyncDisposable
{
    internal static byte[] MasterKey { get; } = "client7_master_k"u8.ToArray();

    internal ISecureChannel Client { get; } = client;

    internal ISecureChannel Server { get; } = server;

    internal static SecureChannelClientOptions ClientOptions => new()
    {
        Protocol = ChannelProtocol.Seed,
        Key = PreSharedKey.ForSeed(7, MasterKey),
    };

    internal static SecureChannelServerOptions ServerOptions
    {
        get
        {
            InMemoryKeyStore keys = new(ChannelRole.Server);
            keys.Add(PreSharedKey.ForSeed(7, MasterKey));
            return new SecureChannelServerOptions { Protocol = ChannelProtocol.Seed, Keys = keys };
        }
    }

    internal static async Task<SeedChannelPair> CreateAsync(PipeOptions? pipeOptions = null)
    {
        PipePair pipes = new(pipeOptions);
        Task<ISecureChannel> client = SecureChannel.ConnectAsync(pipes.Client, ClientOptions).AsTask();
        ISecureChannel server = await SecureChannel.AcceptAsync(pipes.Server, ServerOptions);
        return new SeedChannelPair(await client, server);
    }

    internal static async Task<byte[]?> ReceiveAsync(ISecureChannel channel, CancellationToken cancellationToken = default)
    {
        ArrayBufferWriter<byte> buffer = new();
        return await channel.ReceiveAsync(buffer, cancellationToken) ? buffer.WrittenSpan.ToArray() : null;
    }

    internal async Task RoundAsync(byte[] request, byte[] response)
    {
        await Client.SendAsync(request);
        Assert.Equal(request, await ReceiveAsync(Server));
        await Server.SendAsync(response);
        Assert.Equal(response, await ReceiveAsync(Client));
    }

    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        await Server.DisposeAsync();
    }
}
