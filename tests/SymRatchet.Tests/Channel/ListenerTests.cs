using System.Net;
using System.Net.Sockets;
using SymRatchet.TestKit;

namespace SymRatchet.Tests.Channel;

/// <summary>Dialling and listening on real sockets.</summary>
public sealed class ListenerTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);
    private static readonly IPEndPoint Anywhere = new(IPAddress.Loopback, 0);

    private static SecureChannelClientOptions ClientOptions => ChannelPair.ClientOptions(ChannelProtocol.V1);

    private static SecureChannelServerOptions ServerOptions => ChannelPair.ServerOptions(ChannelProtocol.V1);

    public static TheoryData<string> Kinds => ["IPv4", "IPv6", "name", "Unix"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_client_dials_and_is_handed_out(string kind)
    {
        string file = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        EndPoint local = kind switch
        {
            "IPv6" => new IPEndPoint(IPAddress.IPv6Loopback, 0),
            "name" => new IPEndPoint(IPAddress.IPv6Any, 0),
            "Unix" => new UnixDomainSocketEndPoint(file),
            _ => Anywhere,
        };
        await using (SecureChannelListener listener = SecureChannelListener.Listen(local, ServerOptions))
        {
            EndPoint remote =
                kind == "name"
                    ? new DnsEndPoint("localhost", ((IPEndPoint)listener.LocalEndPoint).Port)
                    : listener.LocalEndPoint;
            await using ISecureChannel client = await SecureChannel.ConnectAsync(remote, ClientOptions);
            await using ISecureChannel server = await listener.AcceptAllAsync().FirstAsync().AsTask().WaitAsync(Soon);
            await client.SendAsync(new byte[] { 1 });
            Assert.Equal([1], await server.ReceiveMessageAsync());
        }

        Assert.False(File.Exists(file));
    }

    [Fact]
    public async Task Each_client_has_its_handler_and_one_that_throws_ends_its_own_client_only()
    {
        using ListLoggerFactory logs = new();
        SecureChannelServerOptions options = ChannelPair.ServerOptions(ChannelProtocol.V1);
        options.LoggerFactory = logs;
        await using SecureChannelListener listener = SecureChannelListener.Listen(
            new IPEndPoint(IPAddress.Loopback, 0),
            options
        );
        using CancellationTokenSource stopping = new();
        TaskCompletionSource mayEnd = new();
        ISecureChannel? served = null;
        Task serving = listener.ServeAsync(
            async (channel, stop) =>
            {
                byte[] first = (await channel.ReceiveMessageAsync(stop))!;
                if (first[0] == 0)
                    throw new InvalidOperationException("a fault of the program");
                await channel.SendAsync(first, stop);
                served = channel;
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
                    channel.ReceiveMessageAsync(stop).AsTask()
                );
                await mayEnd.Task;
                await channel.CloseAsync(CancellationToken.None);
            },
            stopping.Token
        );

        await using ISecureChannel bad = await SecureChannel.ConnectAsync(
            listener.LocalEndPoint,
            ChannelPair.ClientOptions(ChannelProtocol.V1)
        );
        await using ISecureChannel good = await SecureChannel.ConnectAsync(
            listener.LocalEndPoint,
            ChannelPair.ClientOptions(ChannelProtocol.V1)
        );
        await bad.SendAsync(new byte[] { 0 });
        await Assert.ThrowsAsync<SecureChannelException>(() => bad.ReceiveMessageAsync().AsTask().WaitAsync(Soon));
        Assert.Equal(listener.LocalEndPoint, good.RemoteEndPoint);
        await good.SendAsync(new byte[] { 1 });
        Assert.Equal([1], await good.ReceiveMessageAsync().AsTask().WaitAsync(Soon));
        Assert.Contains(logs.Lines, line => line.Contains("a fault of the program", StringComparison.Ordinal));

        // It waits for those that are under way, and a handler that closes in order is heard.
        await stopping.CancelAsync();
        await Task.Delay(50);
        Assert.False(serving.IsCompleted);
        mayEnd.SetResult();
        await serving.WaitAsync(Soon);
        Assert.Null(await good.ReceiveMessageAsync().AsTask().WaitAsync(Soon));
        Assert.Equal(ProtocolPhase.Terminated, served!.Phase);
        Assert.Equal(IPAddress.Loopback, Assert.IsType<IPEndPoint>(served.RemoteEndPoint).Address);
    }

    [Fact]
    public async Task Serving_ends_with_its_listener_and_needs_no_client()
    {
        SecureChannelListener listener = SecureChannelListener.Listen(
            new IPEndPoint(IPAddress.Loopback, 0),
            ChannelPair.ServerOptions(ChannelProtocol.V1)
        );
        Task serving = listener.ServeAsync((_, _) => Task.CompletedTask);
        await listener.DisposeAsync();
        await serving.WaitAsync(Soon);
    }

    [Fact]
    public async Task Handshakes_run_side_by_side_and_one_that_fails_or_is_silent_disturbs_no_other()
    {
        await using SecureChannelListener listener = SecureChannelListener.Listen(Anywhere, ServerOptions);
        List<Socket> silent = [];
        for (int i = 0; i < 50; i++)
        {
            Socket socket = new(SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(listener.LocalEndPoint);
            if (i % 2 == 0)
                await socket.SendAsync("no hello of this protocol"u8.ToArray());
            silent.Add(socket);
        }

        Task<ISecureChannel>[] clients =
        [
            .. Enumerable
                .Range(0, 50)
                .Select(_ => SecureChannel.ConnectAsync(listener.LocalEndPoint, ClientOptions).AsTask()),
        ];
        List<ISecureChannel> servers = await listener.AcceptAllAsync().Take(50).ToListAsync().AsTask().WaitAsync(Soon);
        await Task.WhenAll(clients).WaitAsync(Soon);
        foreach (ISecureChannel channel in servers.Concat(clients.Select(client => client.Result)))
            await channel.DisposeAsync();
        silent.ForEach(socket => socket.Dispose());
    }

    [Fact]
    public async Task Disposed_it_ends_enumerations_and_handshakes_and_leaves_what_was_handed_out()
    {
        SecureChannelListener listener = SecureChannelListener.Listen(Anywhere, ServerOptions);
        Task<ISecureChannel> connecting = SecureChannel.ConnectAsync(listener.LocalEndPoint, ClientOptions).AsTask();
        await using IAsyncEnumerator<ISecureChannel> accepted = listener.AcceptAllAsync().GetAsyncEnumerator();
        Assert.True(await accepted.MoveNextAsync());
        await using ISecureChannel server = accepted.Current;
        await using ISecureChannel client = await connecting;
        await using ISecureChannel untaken = await SecureChannel.ConnectAsync(listener.LocalEndPoint, ClientOptions);
        using Socket silent = new(SocketType.Stream, ProtocolType.Tcp);
        await silent.ConnectAsync(listener.LocalEndPoint);

        await Task.WhenAll(listener.DisposeAsync().AsTask(), listener.DisposeAsync().AsTask()).WaitAsync(Soon);
        Assert.Equal(0, await silent.ReceiveAsync(new byte[1]).WaitAsync(Soon));
        await Assert.ThrowsAsync<SecureChannelException>(() => untaken.ReceiveMessageAsync().AsTask().WaitAsync(Soon));
        while (await accepted.MoveNextAsync())
            await accepted.Current.DisposeAsync();
        await server.SendAsync(new byte[] { 3 });
        Assert.Equal([3], await client.ReceiveMessageAsync());
        var refused = await Assert.ThrowsAsync<SecureChannelException>(() =>
            SecureChannel.ConnectAsync(listener.LocalEndPoint, ClientOptions).AsTask()
        );
        Assert.Equal(SecureChannelError.Transport, refused.Error);
        Assert.True(refused.IsTransient);
    }

    [Fact]
    public async Task Channels_that_nobody_takes_stop_the_accepting_and_not_the_disposal()
    {
        SecureChannelListener listener = SecureChannelListener.Listen(Anywhere, ServerOptions);
        ISecureChannel[] clients = await Task.WhenAll(
                Enumerable
                    .Range(0, 150)
                    .Select(_ => SecureChannel.ConnectAsync(listener.LocalEndPoint, ClientOptions).AsTask())
            )
            .WaitAsync(Soon);
        await listener.DisposeAsync().AsTask().WaitAsync(Soon);
        foreach (ISecureChannel client in clients)
        {
            await Assert.ThrowsAsync<SecureChannelException>(() =>
                client.ReceiveMessageAsync().AsTask().WaitAsync(Soon)
            );
            await client.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_connection_that_was_reset_at_once_is_an_error_of_the_channel()
    {
        await using SocketPair sockets = await SocketPair.CreateAsync();
        ((NetworkStream)sockets.Server).Socket.Close(0);
        await Task.Delay(200); // nobody has read it yet
        var error = await Assert.ThrowsAsync<SecureChannelException>(() =>
            SecureChannel.ConnectAsync(sockets.Client, ClientOptions).AsTask()
        );
        Assert.True(error.IsTransient);
    }

    [Fact]
    public async Task An_abstract_name_is_no_file()
    {
        string name = Path.GetRandomFileName();
        await File.WriteAllTextAsync("@" + name, "another's");
        await using (
            SecureChannelListener listener = SecureChannelListener.Listen(
                new UnixDomainSocketEndPoint("\0" + name),
                ServerOptions
            )
        ) { }

        Assert.True(File.Exists("@" + name));
        File.Delete("@" + name);
    }

    [Fact]
    public async Task A_dial_that_is_cancelled_or_fails_leaves_nothing_open()
    {
        using Socket full = new(SocketType.Stream, ProtocolType.Tcp);
        full.Bind(Anywhere);
        full.Listen(1);
        using CancellationTokenSource source = new(100);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            SecureChannel.ConnectAsync(full.LocalEndPoint!, ClientOptions, source.Token).AsTask().WaitAsync(Soon)
        );
        using Socket accepted = await full.AcceptAsync();
        while (await accepted.ReceiveAsync(new byte[1000]).WaitAsync(Soon) > 0) { }
    }

    [Fact]
    public async Task A_socket_that_cannot_be_made_is_an_error_of_the_channel()
    {
        var error = await Assert.ThrowsAsync<SecureChannelException>(() =>
            SecureChannel.ConnectAsync(new StrangeEndPoint(), ClientOptions).AsTask()
        );
        Assert.Equal(SecureChannelError.Transport, error.Error);
    }

    [Fact]
    public async Task A_log_that_throws_keeps_no_connection_open_whose_handshake_failed()
    {
        using ThrowingLoggerFactory logs = new() { Throws = true };
        SecureChannelServerOptions options = ServerOptions;
        options.LoggerFactory = logs;
        await using SecureChannelListener listener = SecureChannelListener.Listen(Anywhere, options);
        using Socket stranger = new(SocketType.Stream, ProtocolType.Tcp);
        await stranger.ConnectAsync(listener.LocalEndPoint);
        await stranger.SendAsync("no hello of this protocol"u8.ToArray());
        await EndAsync(stranger);

        await using SocketPair sockets = await SocketPair.CreateAsync();
        SecureChannelClientOptions client = ClientOptions;
        client.LoggerFactory = logs;
        await sockets.Server.DisposeAsync();
        await Assert.ThrowsAsync<SecureChannelException>(() =>
            SecureChannel.ConnectAsync(sockets.Client, client).AsTask()
        );
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_log_that_throws_keeps_nobody_from_being_served(bool whenAsked)
    {
        using ThrowingLoggerFactory logs = new() { Throws = true, ThrowsWhenAsked = whenAsked };
        SecureChannelServerOptions options = ServerOptions;
        options.LoggerFactory = logs;
        await using SecureChannelListener listener = SecureChannelListener.Listen(Anywhere, options);
        using CancellationTokenSource stopping = new();
        Task serving = listener.ServeAsync(
            (_, _) => throw new InvalidOperationException("a fault of the program"),
            stopping.Token
        );
        for (int i = 0; i < 3; i++)
        {
            SecureChannelClientOptions client = ClientOptions;
            client.LoggerFactory = logs;
            await using ISecureChannel channel = await SecureChannel.ConnectAsync(listener.LocalEndPoint, client);
            await Assert.ThrowsAsync<SecureChannelException>(() =>
                channel.ReceiveMessageAsync().AsTask().WaitAsync(Soon)
            );
        }

        Assert.False(serving.IsCompleted);
        await stopping.CancelAsync();
        await serving.WaitAsync(Soon);
    }

    // In order or by a reset, as the bytes arrived.
    private static async Task EndAsync(Socket socket)
    {
        try
        {
            Assert.Equal(0, await socket.ReceiveAsync(new byte[1]).WaitAsync(Soon));
        }
        catch (SocketException) { }
    }

    // No machine makes a TCP socket of it, as one without handles makes none at all.
    private sealed class StrangeEndPoint : EndPoint
    {
        public override AddressFamily AddressFamily => AddressFamily.AppleTalk;
    }
}
