using System.Buffers;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using SymRatchet.TestKit;
using Xunit.Abstractions;

namespace SymRatchet.Tests.Channel;

/// <summary>
/// Protocol 1, section 8, over real sockets: who floods a server with handshakes keeps nobody else out.
/// </summary>
[Collection(Alone.Name)]
public sealed class HandshakeFloodTests(ITestOutputHelper output)
{
    private const int AttackerAddresses = 250;
    private static readonly TimeSpan FloodLength = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(1);

    [Fact]
    [Requirement("R8-3", "R8-5", "R8-6")]
    public async Task Replayed_hellos_at_500_a_second_keep_no_honest_client_out_for_a_second()
    {
        using InMemoryKeyStore keys = new(ChannelRole.Server);
        SecureChannelClientOptions[] victims =
        [
            Client(keys, "forward", KeyEvolution.Forward),
            Client(keys, "none", KeyEvolution.None),
            Client(keys, "bystander", KeyEvolution.Forward),
        ];
        byte[][] recorded = [.. await RecordAsync(victims[0], 1000), .. await RecordAsync(victims[1], 1000)];
        await using FloodedServer server = new(keys);

        using CancellationTokenSource flood = new(FloodLength);
        Task<int> attack = server.FloodAsync(500, n => recorded[n * 7919 % recorded.Length], flood.Token);
        List<TimeSpan>[] waits = await Task.WhenAll(
            victims.Select(victim => ConnectAgainAndAgainAsync(server, victim, flood.Token))
        );
        Assert.InRange(await attack, 450 * FloodLength.TotalSeconds, 550 * FloodLength.TotalSeconds);
        Assert.All(waits, wait => Assert.InRange(wait.Max(), TimeSpan.Zero, LongestWait));
        Assert.All(waits, wait => Assert.True(wait.Count > FloodLength.TotalSeconds));
    }

    [Theory]
    [InlineData(KeyEvolution.Forward)]
    [InlineData(KeyEvolution.None)]
    public async Task A_thousand_handshakes_at_once_of_one_identity_all_succeed(KeyEvolution evolution)
    {
        using InMemoryKeyStore keys = new(ChannelRole.Server);
        SecureChannelClientOptions pool = Client(keys, "pool", evolution);
        pool.HandshakeTimeout = TimeSpan.FromMinutes(1);
        await using FloodedServer server = new(keys);
        await Task.WhenAll(Enumerable.Range(0, 1000).Select(_ => server.ConnectAsync(pool)));
    }

    [Fact]
    [Requirement("R8-3")]
    public async Task An_identity_with_thousands_of_pending_handshakes_takes_no_places_of_others()
    {
        using InMemoryKeyStore keys = new(ChannelRole.Server);
        SecureChannelClientOptions bad = Client(keys, "bad", KeyEvolution.None);
        SecureChannelClientOptions honest = Client(keys, "honest", KeyEvolution.Forward);
        byte[][] hellos = await RecordAsync(bad, 3000);
        await using FloodedServer server = new(keys);

        using CancellationTokenSource flood = new(FloodLength);
        Task<int> attack = server.FloodAsync(1000, n => hellos[n % hellos.Length], flood.Token);
        List<TimeSpan> waits = await ConnectAgainAndAgainAsync(server, honest, flood.Token);
        Assert.True(await attack > hellos.Length);
        Assert.InRange(waits.Max(), TimeSpan.Zero, LongestWait);
        HandshakeLimiter limiter = server.Options.HandshakeLimiter!;
        Assert.InRange(server.MostPending, 1, limiter.MaxPendingPerId + 200);
    }

    [Fact]
    public async Task A_pending_handshake_costs_little_memory()
    {
        const int Count = 1000;
        using InMemoryKeyStore keys = new(ChannelRole.Server);
        byte[] hello = (await RecordAsync(Client(keys, "client", KeyEvolution.None), 1))[0];
        SecureChannelServerOptions options = new() { Keys = keys };
        Socket[] sockets = new Socket[2 * Count];
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start(Count);
        for (int i = 0; i < sockets.Length; i += 2)
        {
            sockets[i] = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await sockets[i].ConnectAsync(listener.LocalEndpoint);
            await sockets[i].SendAsync(hello);
            sockets[i + 1] = await listener.AcceptSocketAsync();
        }

        using CancellationTokenSource end = new();
        long before = GC.GetTotalMemory(forceFullCollection: true);
        Task[] pending =
        [
            .. sockets
                .Where((_, i) => i % 2 == 1)
                .Select(socket => SecureChannel.AcceptAsync(new NetworkStream(socket), options, end.Token).AsTask()),
        ];
        foreach (Socket socket in sockets.Where((_, i) => i % 2 == 0))
            // the challenge: this handshake waits for its confirm
            Assert.True(await socket.ReceiveAsync(new byte[1]) > 0);
        long each = (GC.GetTotalMemory(forceFullCollection: true) - before) / Count;
        Assert.Equal(Count, options.HandshakeLimiter!.Pending);
        output.WriteLine($"{each} bytes for each pending handshake");
        Assert.InRange(each, 0, 16 * 1024);
        await end.CancelAsync();
        foreach (Task one in pending)
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => one);
        foreach (Socket socket in sockets)
            socket.Dispose();
    }

    private static SecureChannelClientOptions Client(InMemoryKeyStore keys, string id, KeyEvolution evolution)
    {
        byte[] psk = new byte[PreSharedKey.Size];
        KeyText.ToBytes(id).CopyTo(psk, 0);
        keys.Add(PreSharedKey.Import(id, psk, evolution: evolution));
        return new SecureChannelClientOptions { Key = PreSharedKey.Import(id, psk, evolution: evolution) };
    }

    /// <summary>Hellos of a client whose answers are cut, as somebody on the wire records them.</summary>
    private static async Task<byte[][]> RecordAsync(SecureChannelClientOptions client, int count)
    {
        List<byte[]> hellos = [];
        while (hellos.Count < count)
        {
            PipePair pipes = new();
            using CancellationTokenSource cut = new();
            Task connecting = SecureChannel.ConnectAsync(pipes.Client, client, cut.Token).AsTask();
            ReadResult read = await pipes.Server.Input.ReadAsync();
            hellos.Add(read.Buffer.ToArray());
            await cut.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connecting);
        }

        return [.. hellos];
    }

    /// <summary>How long each wish for a channel waited until there was one, tries that failed included.</summary>
    private static async Task<List<TimeSpan>> ConnectAgainAndAgainAsync(
        FloodedServer server,
        SecureChannelClientOptions client,
        CancellationToken end
    )
    {
        List<TimeSpan> waits = [];
        while (!end.IsCancellationRequested)
        {
            var wait = Stopwatch.StartNew();
            while (!await TryConnectAsync(server, client) && !end.IsCancellationRequested)
                await Task.Delay(10, CancellationToken.None);
            waits.Add(wait.Elapsed);
            await Task.Delay(50, CancellationToken.None);
        }

        return waits;
    }

    private static async Task<bool> TryConnectAsync(FloodedServer server, SecureChannelClientOptions client)
    {
        try
        {
            await server.ConnectAsync(client);
            return true;
        }
        catch (SecureChannelException)
        {
            return false;
        }
    }

    /// <summary>A server on the loopback that accepts whatever comes, and an attacker with many addresses.</summary>
    private sealed class FloodedServer : IAsyncDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly ConcurrentQueue<Socket> _attacking = new();
        private readonly CancellationTokenSource _stopping = new();
        private readonly Task _accepting;

        internal FloodedServer(InMemoryKeyStore keys)
        {
            Options = new SecureChannelServerOptions { Keys = keys };
            _listener.Start(backlog: 2048);
            _accepting = AcceptAsync();
        }

        internal SecureChannelServerOptions Options { get; }

        internal int MostPending { get; private set; }

        internal async Task ConnectAsync(SecureChannelClientOptions client)
        {
            using Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(_listener.LocalEndpoint);
            await using ISecureChannel channel = await SecureChannel.ConnectAsync(new NetworkStream(socket), client);
            await channel.SendAsync(new byte[1]);
        }

        /// <summary>Opens connections that say what was recorded and nothing else, at an even pace.</summary>
        internal async Task<int> FloodAsync(int perSecond, Func<int, byte[]> helloOf, CancellationToken end)
        {
            var clock = Stopwatch.StartNew();
            int sent = 0;
            for (; !end.IsCancellationRequested; await Task.Delay(5, CancellationToken.None))
            {
                for (; sent < clock.Elapsed.TotalSeconds * perSecond; sent++)
                {
                    Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                    socket.Bind(new IPEndPoint(new IPAddress([127, 0, 1, (byte)(1 + sent % AttackerAddresses)]), 0));
                    await socket.ConnectAsync(_listener.LocalEndpoint, CancellationToken.None);
                    await socket.SendAsync(helloOf(sent), CancellationToken.None);
                    _attacking.Enqueue(socket);
                    if (_attacking.Count > 4500 && _attacking.TryDequeue(out Socket? oldest))
                        oldest.Dispose();
                }
            }

            return sent;
        }

        public async ValueTask DisposeAsync()
        {
            await _stopping.CancelAsync();
            await _accepting;
            _listener.Dispose();
            foreach (Socket socket in _attacking)
                socket.Dispose();
            _stopping.Dispose();
        }

        private async Task AcceptAsync()
        {
            try
            {
                while (true)
                {
                    Socket socket = await _listener.AcceptSocketAsync(_stopping.Token);
                    _ = ServeAsync(socket);
                    MostPending = Math.Max(MostPending, Options.HandshakeLimiter!.Pending);
                }
            }
            catch (OperationCanceledException)
            {
                // The test is over.
            }
        }

        private async Task ServeAsync(Socket socket)
        {
            try
            {
                await using ISecureChannel channel = await SecureChannel.AcceptAsync(
                    new NetworkStream(socket, ownsSocket: true),
                    Options,
                    _stopping.Token
                );
                await ChannelPair.ReceiveAsync(channel, _stopping.Token);
            }
            catch (Exception e) when (e is SecureChannelException or OperationCanceledException)
            {
                // Counted by those who wait for a channel.
            }
        }
    }
}
