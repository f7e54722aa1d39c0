using System.Net;
using System.Net.Sockets;
using MQTTnet.Channel;
using NATS.Client.Core;
using StackExchange.Redis;
using StackExchange.Redis.Configuration;

namespace SymRatchet.Programs.Tests;

#region glue: mqtt
internal sealed class ChannelStreamProvider(SecureChannelClientOptions options) : IMqttClientStreamProvider
{
    public async Task<Stream> ConnectAsync(EndPoint server, CancellationToken cancellationToken) =>
        (await SecureChannel.ConnectAsync(server, options, cancellationToken)).AsStream(closeOnDispose: true);
}
#endregion

#region glue: redis
internal sealed class ChannelTunnel(SecureChannelClientOptions options) : Tunnel
{
    public override ValueTask<EndPoint?> GetSocketConnectEndpointAsync(EndPoint server, CancellationToken stopping) =>
        default; // the library opens no socket: the channel has its own

    public override async ValueTask<Stream?> BeforeAuthenticateAsync(
        EndPoint server,
        ConnectionType connectionType,
        Socket? socket,
        CancellationToken cancellationToken
    ) => (await SecureChannel.ConnectAsync(server, options, cancellationToken)).AsStream(closeOnDispose: true);
}
#endregion

#region glue: nats
internal sealed class ChannelConnectionFactory(EndPoint server, SecureChannelClientOptions options)
    : INatsSocketConnectionFactory
{
    public async ValueTask<INatsSocketConnection> ConnectAsync(Uri uri, NatsOpts opts, CancellationToken stopping) =>
        new Connection((await SecureChannel.ConnectAsync(server, options, stopping)).AsStream(closeOnDispose: true));

    private sealed class Connection(SecureChannelStream stream) : INatsSocketConnection
    {
        public async ValueTask<int> SendAsync(ReadOnlyMemory<byte> buffer)
        {
            await stream.WriteAsync(buffer);
            return buffer.Length;
        }

        public ValueTask<int> ReceiveAsync(Memory<byte> buffer) => stream.ReadAsync(buffer);

        public ValueTask DisposeAsync() => stream.DisposeAsync();
    }
}
#endregion
