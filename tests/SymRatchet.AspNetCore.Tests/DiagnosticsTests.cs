using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;
using SymRatchet.TestKit;

namespace SymRatchet.AspNetCore.Tests;

/// <summary>
/// What the library tells of itself reaches those who listen: a plain listener and OpenTelemetry. No id, and no key, is
/// in it.
/// </summary>
public sealed class DiagnosticsTests
{
    [Fact]
    public async Task A_listener_hears_of_handshakes_channels_messages_and_bytes()
    {
        using MeterListener listener = new() { InstrumentPublished = (instrument, own) => Enable(instrument, own) };
        Dictionary<string, double> sums = [];
        listener.SetMeasurementEventCallback<long>((instrument, value, _, _) => Add(instrument, value));
        listener.SetMeasurementEventCallback<double>((instrument, value, _, _) => Add(instrument, value));
        listener.Start();

        await using WebServer server = await WebServer.StartAsync();
        using (HttpClient client = server.Client())
            await client.GetStringAsync("/who");

        lock (sums)
        {
            // Other tests of the process talk at the same time; all of them add.
            Assert.True(sums["symratchet.handshakes"] >= 2);
            Assert.True(sums["symratchet.handshake.duration"] > 0);
            Assert.True(sums["symratchet.messages"] >= 4);
            Assert.True(sums["symratchet.bytes"] > sums["symratchet.messages"]);
            Assert.Contains("symratchet.channels.active", sums.Keys);
        }

        static void Enable(Instrument instrument, MeterListener own)
        {
            if (instrument.Meter.Name == "SymRatchet")
                own.EnableMeasurementEvents(instrument);
        }

        void Add(Instrument instrument, double value)
        {
            lock (sums)
                sums[instrument.Name] = sums.GetValueOrDefault(instrument.Name) + value;
        }
    }

    [Fact]
    public async Task OpenTelemetry_exports_metrics_and_a_span_for_each_handshake()
    {
        List<Metric> metrics = [];
        List<Activity> spans = [];
        using MeterProvider meters = Sdk.CreateMeterProviderBuilder()
            .AddMeter("SymRatchet")
            .AddInMemoryExporter(metrics)
            .Build();
        using TracerProvider traces = Sdk.CreateTracerProviderBuilder()
            .AddSource("SymRatchet")
            .AddInMemoryExporter(spans)
            .Build();

        await using WebServer server = await WebServer.StartAsync();
        using (HttpClient client = server.Client())
            await client.GetStringAsync("/who");
        using (PreSharedKey wrong = PreSharedKey.Import("sensor-17", new byte[32]))
        using (HttpClient client = WebServer.ClientFor(server.Address, wrong))
            await Assert.ThrowsAsync<HttpRequestException>(() => client.GetStringAsync("/who"));

        meters.ForceFlush();
        traces.ForceFlush();
        Assert.Contains("symratchet.handshakes", metrics.Select(metric => metric.Name));
        Activity[] handshakes = [.. spans.Where(span => span.OperationName == "symratchet.handshake")];
        Assert.Contains(
            handshakes,
            span =>
                span.Kind == ActivityKind.Client
                && Equals(span.GetTagItem("symratchet.outcome"), "ok")
                && Equals(span.GetTagItem("symratchet.suite"), "Aegis256")
        );
        Assert.Contains(
            handshakes,
            span =>
                span.Kind == ActivityKind.Server
                && Equals(span.GetTagItem("symratchet.outcome"), "Authentication")
                && span.Status == ActivityStatusCode.Error
        );
        Assert.DoesNotContain(
            handshakes.SelectMany(span => span.Tags),
            tag => tag.Value!.Contains("sensor", StringComparison.Ordinal)
        );
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Logs_name_a_client_by_its_id_or_by_a_hash_of_it(bool hashed)
    {
        using ListLoggerFactory logs = new();
        using PreSharedKey key = PreSharedKey.Generate("sensor-17");
        using InMemoryKeyStore keys = new(ChannelRole.Server);
        keys.Add(key);
        PipePair wire = new();
        SecureChannelServerOptions serverOptions = new()
        {
            Keys = keys,
            LoggerFactory = logs,
            HashIdsInLogs = hashed,
        };
        await using ChannelRegistry live = new(keys, serverOptions);
        serverOptions.ChannelRegistry = live;
        SecureChannelClientOptions clientOptions = new()
        {
            Key = key,
            LoggerFactory = logs,
            HashIdsInLogs = hashed,
        };
        Task<ISecureChannel> accepting = SecureChannel.AcceptAsync(wire.Server, serverOptions).AsTask();
        await using ISecureChannel client = await SecureChannel.ConnectAsync(wire.Client, clientOptions);
        await using ISecureChannel server = await accepting;
        await keys.RevokeAsync(key.Id);
        await Assert.ThrowsAsync<SecureChannelException>(() =>
            client.ReceiveAsync(new System.Buffers.ArrayBufferWriter<byte>()).AsTask()
        );

        string all = string.Join('\n', logs.Lines);
        Assert.Equal(!hashed, all.Contains("sensor-17", StringComparison.Ordinal));
        Assert.Equal(hashed, all.Contains("Handshake as Server of #", StringComparison.Ordinal));
        Assert.Contains("Aegis256", all, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_a_store_says_names_a_client_only_where_logs_may(bool hashed)
    {
        using ListLoggerFactory logs = new();
        using PreSharedKey key = PreSharedKey.Generate("sensor-17");
        PipePair wire = new();
        SecureChannelServerOptions serverOptions = new()
        {
            Keys = new NamingStore(),
            LoggerFactory = logs,
            HashIdsInLogs = hashed,
        };
        Task<ISecureChannel> accepting = SecureChannel.AcceptAsync(wire.Server, serverOptions).AsTask();
        await Assert.ThrowsAsync<SecureChannelException>(() =>
            SecureChannel.ConnectAsync(wire.Client, new SecureChannelClientOptions { Key = key }).AsTask()
        );
        var failure = await Assert.ThrowsAsync<SecureChannelException>(() => accepting);
        Assert.Contains("sensor-17", failure.Message, StringComparison.Ordinal);
        Assert.Equal(!hashed, logs.Lines.Any(line => line.Contains("sensor-17", StringComparison.Ordinal)));
        Assert.Contains(logs.Lines, line => line.Contains("KeyStore", StringComparison.Ordinal));
    }

    private sealed class NamingStore : IKeyStore
    {
        public ValueTask<StoredKey?> FindAsync(ClientId id, CancellationToken cancellationToken = default) =>
            throw new KeyStoreException($"The row of {Encoding.ASCII.GetString(id.Bytes)} is damaged.");

        public ValueTask AdvanceAsync(
            ClientId id,
            long serial,
            long epoch,
            ReadOnlyMemory<byte> epochKey,
            CancellationToken cancellationToken = default
        ) => throw new NotSupportedException();
    }
}
