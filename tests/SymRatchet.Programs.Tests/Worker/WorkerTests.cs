using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using SymRatchet.Programs.Tests.Running;
using SymRatchet.TestKit;

namespace SymRatchet.Programs.Tests.Worker;

/// <summary>A worker that lives for days, of which these take some seconds.</summary>
public sealed class WorkerTests : IAsyncDisposable
{
    private const string Device = "sensor-17";

    private readonly InMemoryKeyStore _serverKeys = new(ChannelRole.Server);
    private readonly InMemoryKeyStore _clientKeys = new(ChannelRole.Client);
    private readonly ConcurrentDictionary<long, long> _kept = new();
    private readonly Outbox _outbox = new();
    private readonly ListLoggerFactory _logs = new();

    public WorkerTests()
    {
        using PreSharedKey key = PreSharedKey.Generate(Device);
        _serverKeys.Add(key);
        _clientKeys.Add(key);
    }

    [Fact]
    public async Task No_measurement_is_lost_however_often_the_server_restarts()
    {
        MeasurementServer server = MakeServer(new IPEndPoint(IPAddress.Loopback, 0));
        IPEndPoint address = server.EndPoint;
        using IHost host = MakeHost(address);
        await host.StartAsync();
        int added = 0;
        for (int restart = 0; restart < 20; restart++)
        {
            Add(added++);
            await UntilAsync(() => _outbox.Count == 0);
            // Those are taken and not acknowledged, on the way, or not taken when the server dies.
            server.IsSilent = restart % 2 == 1;
            for (int i = 0; i < 10; i++)
                Add(added++);
            if (server.IsSilent)
                await UntilAsync(() => _kept.ContainsKey(added - 10));
            await server.DisposeAsync();
            server = MakeServer(address);
        }

        await UntilAsync(() => _outbox.Count == 0);
        await host.StopAsync();
        await server.DisposeAsync();
        Assert.Equal(Enumerable.Range(0, added).Select(i => (long)i), _kept.Keys.Order());
        Assert.Contains(_kept.Values, times => times > 1);
    }

    [Fact]
    public async Task A_peer_that_is_silent_is_given_up_and_what_it_took_is_sent_again()
    {
        await using MeasurementServer server = MakeServer(new IPEndPoint(IPAddress.Loopback, 0));
        await using FreezableProxy proxy = new(server.EndPoint);
        using IHost host = MakeHost(proxy.EndPoint);
        await host.StartAsync();
        Add(0);
        await UntilAsync(() => _kept.ContainsKey(0) && _outbox.Count == 0);
        proxy.Freeze();
        Add(1);
        await UntilAsync(() => _kept.ContainsKey(1) && _outbox.Count == 0);
        await host.StopAsync();
        Assert.Contains(_logs.Lines, line => line.Contains("the peer was silent", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_worker_that_has_nothing_to_send_notices_that_its_server_restarted()
    {
        MeasurementServer server = MakeServer(new IPEndPoint(IPAddress.Loopback, 0));
        IPEndPoint address = server.EndPoint;
        using IHost host = MakeHost(address);
        await host.StartAsync();
        await UntilAsync(() => server.Channels == 1);
        await server.DisposeAsync();
        server = MakeServer(address);
        await UntilAsync(() => server.Channels > 0);
        await host.StopAsync();
        await server.DisposeAsync();
        Assert.Contains("The channel is over; the next attempt is in 0.0 s.", string.Join('\n', _logs.Lines));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task A_worker_that_is_told_to_stop_has_its_server_know_that_this_was_all(int unacknowledged)
    {
        await using MeasurementServer server = MakeServer(new IPEndPoint(IPAddress.Loopback, 0));
        for (int stop = 1; stop <= 10; stop++)
        {
            using IHost host = MakeHost(server.EndPoint);
            await host.StartAsync();
            Add(2 * stop);
            await UntilAsync(() => _outbox.Count == 0);
            server.IsSilent = unacknowledged > 0;
            if (server.IsSilent)
            {
                Add((2 * stop) + 1);
                await UntilAsync(() => _kept.ContainsKey((2 * stop) + 1));
            }

            await host.StopAsync();
            server.IsSilent = false;
            await UntilAsync(() => server.Ends.Length == stop);
        }

        Assert.All(server.Ends, end => Assert.Equal(SecureChannelError.None, end));
    }

    [Fact]
    public async Task A_revoked_device_ends_for_good_and_says_why()
    {
        await using ChannelRegistry live = new(_serverKeys);
        await using MeasurementServer server = new(
            new IPEndPoint(IPAddress.Loopback, 0),
            new SecureChannelServerOptions { Keys = _serverKeys, ChannelRegistry = live },
            _kept
        );
        using IHost host = MakeHost(server.EndPoint, refusalLimit: TimeSpan.FromMilliseconds(300));
        await host.StartAsync();
        Add(0);
        await UntilAsync(() => _outbox.Count == 0);
        await _serverKeys.RevokeAsync(Device);
        Task ending = host.WaitForShutdownAsync();
        await ending.WaitAsync(Limit.Long); // it has nothing to send, and learns of the end all the same
        Assert.True(
            _logs.Lines.Any(line =>
                line.StartsWith("BackgroundService failed", StringComparison.Ordinal)
                && line.Contains("refused for 0", StringComparison.Ordinal)
                && line.Contains("revoked", StringComparison.Ordinal)
            ),
            string.Join('\n', _logs.Lines)
        );
    }

    private MeasurementServer MakeServer(IPEndPoint local) =>
        new(local, new SecureChannelServerOptions { Keys = _serverKeys }, _kept);

    private IHost MakeHost(IPEndPoint server, TimeSpan? refusalLimit = null)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(settings: null);
        builder.Services.AddSingleton<ILoggerFactory>(_logs);
        builder.Services.AddSingleton(_outbox);
        ReconnectingClient client = MakeClient(server, _clientKeys, refusalLimit ?? Timeout.InfiniteTimeSpan);
        builder.Services.AddSingleton(client);
        builder.Services.AddHostedService<MeasurementWorker>();
        return builder.Build();
    }

    private static ReconnectingClient MakeClient(EndPoint server, IKeyStore keys, TimeSpan refusalLimit)
    {
        TimeSpan soon = TimeSpan.FromMilliseconds(300);
        TimeSpan shortest = TimeSpan.FromMilliseconds(5);
        TimeSpan longest = TimeSpan.FromMilliseconds(50);
        #region glue: reconnect
        SecureChannelClientOptions options = new() { Keys = keys, ClientId = Device };
        (options.KeepAliveInterval, options.KeepAliveTimeout) = (soon, soon);
        return new ReconnectingClient(server, options)
        {
            FirstDelay = shortest,
            LongestDelay = longest,
            RefusalLimit = refusalLimit,
        };
        #endregion
    }

    private void Add(long number)
    {
        byte[] measurement = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(measurement, number);
        _outbox.Add(measurement);
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using CancellationTokenSource limit = new(Limit.Long);
        while (!condition())
            await Task.Delay(5, limit.Token);
    }

    public ValueTask DisposeAsync()
    {
        _clientKeys.Dispose();
        _serverKeys.Dispose();
        _logs.Dispose();
        return default;
    }
}
