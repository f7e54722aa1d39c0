using System.Diagnostics.Metrics;
using Microsoft.Extensions.Time.Testing;
using SymRatchet.TestKit;

namespace SymRatchet.Tests.Channel;

/// <summary>
/// A client that is behind: either it runs beside another handshake of its own, or its key has a second owner or an old
/// store.
/// </summary>
public sealed class CloneAlarmTests
{
    private const string Id = "device 1";

    private readonly FakeTimeProvider _time = new(DateTimeOffset.UnixEpoch.AddYears(60));
    private readonly ListLoggerFactory _serverLog = new();
    private readonly PreSharedKey _key = PreSharedKey.Import(Id, new byte[PreSharedKey.Size]);
    private readonly InMemoryKeyStore _server;
    private readonly InMemoryKeyStore _client;

    public CloneAlarmTests()
    {
        _server = new InMemoryKeyStore(ChannelRole.Server, _time);
        _server.Add(_key);
        _client = StoreAt.Epoch(ChannelRole.Client, _key, 0);
    }

    [Theory]
    [InlineData(20, false)] // within twice the time limit of a handshake: it may have begun before the other ended
    [InlineData(21, true)]
    [InlineData(100_000, true)]
    [Requirement("R5.9-2")]
    public async Task A_client_that_is_behind_is_an_alarm_unless_a_handshake_beside_it_explains_that(
        int seconds,
        bool isAlarm
    )
    {
        await SessionsAsync(3);
        _time.Advance(TimeSpan.FromSeconds(seconds));
        using AlarmCounter counter = new();
        await using ChannelPair pair = await ConnectAsync(StoreAt.Epoch(ChannelRole.Client, _key, 1));
        Assert.Equal(isAlarm, AlarmIsLogged());
        Assert.Equal(isAlarm, counter.Saw("ClientBehind"));
    }

    [Fact]
    [Requirement("R5.9-1", "R5.9-2")]
    public async Task A_client_that_is_level_or_ahead_by_one_is_no_alarm()
    {
        await SessionsAsync(3);
        _time.Advance(TimeSpan.FromDays(400));
        await using (await ConnectAsync(_client)) { }

        _time.Advance(TimeSpan.FromDays(400));
        await using (await ConnectAsync(StoreAt.Epoch(ChannelRole.Client, _key, 5))) { }

        Assert.False(AlarmIsLogged());
    }

    [Fact]
    [Requirement("R5.9-4")]
    public async Task A_replayed_hello_is_no_alarm()
    {
        PipePair pipes = new();
        RecordingPipe wire = new(pipes.Client);
        await using (await ChannelPair.OverAsync(wire, pipes.Server, ClientOptions(_client), ServerOptions)) { }

        await SessionsAsync(3);
        _time.Advance(TimeSpan.FromDays(1));
        PipePair replay = new();
        Task<ISecureChannel> accepting = SecureChannel.AcceptAsync(replay.Server, ServerOptions).AsTask();
        await replay.Client.Output.WriteAsync(wire.Sent);
        await replay.Client.Output.CompleteAsync();
        await Assert.ThrowsAsync<SecureChannelException>(() => accepting);
        Assert.False(AlarmIsLogged());
    }

    private SecureChannelServerOptions ServerOptions =>
        new()
        {
            Keys = _server,
            TimeProvider = _time,
            LoggerFactory = _serverLog,
        };

    private static SecureChannelClientOptions ClientOptions(IKeyStore store) => new() { Keys = store, ClientId = Id };

    private Task<ChannelPair> ConnectAsync(IKeyStore client) =>
        ChannelPair.CreateAsync(ClientOptions(client), ServerOptions);

    private async Task SessionsAsync(int count)
    {
        for (int i = 0; i < count; i++)
            await (await ConnectAsync(_client)).DisposeAsync();
    }

    private bool AlarmIsLogged() =>
        _serverLog.Lines.Any(line =>
            line.Contains("ClientBehind", StringComparison.Ordinal) && line.Contains(Id, StringComparison.Ordinal)
        );

    /// <summary>Sees the alarms that are counted in this process.</summary>
    private sealed class AlarmCounter : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly List<string> _kinds = [];

        internal AlarmCounter()
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Name == "symratchet.alarms")
                    listener.EnableMeasurementEvents(instrument);
            };
            _listener.SetMeasurementEventCallback<long>(
                (_, _, tags, _) =>
                {
                    foreach ((string name, object? value) in tags)
                    {
                        if (name == "kind")
                            lock (_kinds)
                                _kinds.Add($"{value}");
                    }
                }
            );
            _listener.Start();
        }

        // No other test makes a client fall behind in this way.
        internal bool Saw(string kind)
        {
            lock (_kinds)
                return _kinds.Contains(kind);
        }

        public void Dispose() => _listener.Dispose();
    }
}
