using System.Net.Sockets;
using SymRatchet.TestKit;

namespace SymRatchet.Tests.Channel;

/// <summary>How the end of a channel closes its socket: where it is called, unless that may block.</summary>
public sealed class SocketEndTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(5);

    [Fact]
    public async Task A_socket_that_lingers_does_not_hold_whoever_disposes()
    {
        (ISecureChannel client, ISecureChannel server, SocketPair sockets) = await ConnectAsync(stream => stream);
        await using SocketPair _ = sockets;
        await using ISecureChannel deaf = server;
        var socket = ((NetworkStream)sockets.Client).Socket;
        socket.LingerState = new LingerOption(enable: true, seconds: 30);

        // More than the buffers of both sockets hold, and nobody reads it.
        using CancellationTokenSource full = new(TimeSpan.FromMilliseconds(500));
        await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            while (true)
                await client.SendAsync(new byte[500_000], full.Token);
        });
        await Task.Run(async () => await client.DisposeAsync()).WaitAsync(Soon);
    }

    [Fact]
    public async Task A_stream_of_a_socket_with_code_of_its_own_does_not_hold_whoever_disposes()
    {
        using ManualResetEventSlim release = new();
        (ISecureChannel client, ISecureChannel server, SocketPair sockets) = await ConnectAsync(
            stream => new SlowlyClosed(stream.Socket, release)
        );
        await using SocketPair _ = sockets;
        await using ISecureChannel peer = server;
        try
        {
            await Task.Run(async () => await client.DisposeAsync()).WaitAsync(Soon);
        }
        finally
        {
            release.Set();
        }
    }

    [Fact]
    public async Task A_stream_of_a_socket_with_code_of_its_own_does_not_hold_a_handshake()
    {
        using ManualResetEventSlim release = new();
        await using SocketPair sockets = await SocketPair.CreateAsync();
        await using SlowlyRead stream = new(((NetworkStream)sockets.Client).Socket, release);
        SecureChannelClientOptions options = ChannelPair.ClientOptions(ChannelProtocol.V1);
        options.HandshakeTimeout = TimeSpan.FromSeconds(1);
        try
        {
            Task connecting = Task.Run(async () => await SecureChannel.ConnectAsync(stream, options));
            var error = await Assert.ThrowsAsync<SecureChannelException>(() => connecting.WaitAsync(Soon));
            Assert.Equal(SecureChannelError.Timeout, error.Error);
        }
        finally
        {
            release.Set();
        }
    }

    [Fact]
    public async Task A_stream_whose_socket_the_program_has_closed_is_disposed_all_the_same()
    {
        (ISecureChannel client, ISecureChannel server, SocketPair sockets) = await ConnectAsync(stream => stream);
        await using SocketPair _ = sockets;
        await using ISecureChannel peer = server;
        ((NetworkStream)sockets.Client).Socket.Dispose();
        await client.DisposeAsync().AsTask().WaitAsync(Soon);
        Assert.False(sockets.Client.CanRead);
    }

    [Fact]
    public async Task Whoever_waits_on_a_channel_does_not_go_on_inside_its_disposal()
    {
        for (int i = 0; i < 50; i++)
        {
            (ISecureChannel client, ISecureChannel server, SocketPair sockets) = await ConnectAsync(stream => stream);
            await using SocketPair _ = sockets;
            await using ISecureChannel peer = server;
            using ManualResetEventSlim disposed = new();
            Task waiting = WaitAsync();
            Task stuck = Task.Factory.StartNew(
                () =>
                {
                    client.DisposeAsync().AsTask().GetAwaiter().GetResult();
                    disposed.Set();
                },
                TaskCreationOptions.LongRunning
            );
            await stuck.WaitAsync(Soon);
            await waiting.WaitAsync(Soon);

            async Task WaitAsync()
            {
                await Assert.ThrowsAnyAsync<Exception>(() => ChannelPair.ReceiveAsync(client)).ConfigureAwait(false);
                Assert.True(disposed.Wait(TimeSpan.FromSeconds(30)));
            }
        }
    }

    [Fact]
    public async Task Many_dispose_at_once_and_inside_its_callbacks()
    {
        for (int i = 0; i < 50; i++)
        {
            (ISecureChannel client, ISecureChannel server, SocketPair sockets) = await ConnectAsync(stream => stream);
            await using SocketPair _ = sockets;
            await using ISecureChannel peer = server;
            using CancellationTokenRegistration inside = client.Ended.Register(() =>
                client.DisposeAsync().AsTask().GetAwaiter().GetResult()
            );
            Task receiving = ChannelPair.ReceiveAsync(client);
            using Barrier start = new(4);
            Task[] disposals =
            [
                .. Enumerable
                    .Range(0, 4)
                    .Select(n =>
                        Task.Factory.StartNew(
                            () =>
                            {
                                start.SignalAndWait();
                                if (n == 3)
                                    client.Abort();
                                client.DisposeAsync().AsTask().GetAwaiter().GetResult();
                            },
                            TaskCreationOptions.LongRunning
                        )
                    ),
            ];
            await Task.WhenAll(disposals).WaitAsync(Soon);
            await Assert.ThrowsAnyAsync<Exception>(() => receiving).WaitAsync(Soon);
            Assert.Throws<ObjectDisposedException>(() => ((NetworkStream)sockets.Client).Socket.Available);
        }
    }

    private static async Task<(ISecureChannel Client, ISecureChannel Server, SocketPair Sockets)> ConnectAsync(
        Func<NetworkStream, NetworkStream> wrap
    )
    {
        SocketPair sockets = await SocketPair.CreateAsync();
        Task<ISecureChannel> connecting = SecureChannel
            .ConnectAsync(wrap((NetworkStream)sockets.Client), ChannelPair.ClientOptions(ChannelProtocol.V1))
            .AsTask();
        ISecureChannel server = await SecureChannel.AcceptAsync(
            sockets.Server,
            ChannelPair.ServerOptions(ChannelProtocol.V1)
        );
        return (await connecting, server, sockets);
    }

    private sealed class SlowlyClosed(Socket socket, ManualResetEventSlim release) : NetworkStream(socket)
    {
        protected override void Dispose(bool disposing)
        {
            release.Wait(TimeSpan.FromSeconds(30));
            base.Dispose(disposing);
        }
    }

    private sealed class SlowlyRead(Socket socket, ManualResetEventSlim release) : NetworkStream(socket)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            release.Wait(TimeSpan.FromSeconds(30), CancellationToken.None);
            return base.ReadAsync(buffer, cancellationToken);
        }
    }
}
