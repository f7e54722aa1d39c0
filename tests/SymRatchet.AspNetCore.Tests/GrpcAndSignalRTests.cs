using System.Net;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.SignalR.Client;
using SymRatchet.Samples.HttpApi;

namespace SymRatchet.AspNetCore.Tests;

/// <summary>
/// gRPC and SignalR over channels, by the server and the client of the sample, also when the server goes away in the
/// middle.
/// </summary>
public sealed class GrpcAndSignalRTests : IAsyncLifetime, IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly PreSharedKey _key = PreSharedKey.Generate("sensor-17");
    private readonly InMemoryKeyStore _keys = new(ChannelRole.Server);
    private readonly CancellationTokenSource _patience = new(Patience);
    private WebApplication _server = null!;
    private ApiClient _client = null!;

    public async Task InitializeAsync()
    {
        _keys.Add(_key);
        _server = await ApiServer.StartAsync(_keys, new IPEndPoint(IPAddress.Loopback, 0));
        _client = new ApiClient(ApiServer.AddressOf(_server), new SecureChannelClientOptions { Key = _key });
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _server.DisposeAsync();
    }

    public void Dispose()
    {
        _key.Dispose();
        _keys.Dispose();
        _patience.Dispose();
    }

    [Fact]
    public async Task A_call_knows_its_caller_by_the_channel()
    {
        Fleet.FleetClient fleet = new(_client.Channel);
        RpcException nothing = await Assert.ThrowsAsync<RpcException>(async () =>
            await fleet.LatestAsync(new LatestRequest())
        );
        Assert.Equal(StatusCode.NotFound, nothing.StatusCode);
        Assert.Contains("sensor-17", nothing.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_thousand_measurements_stream_both_ways_at_once()
    {
        using AsyncDuplexStreamingCall<Measurement, Measurement> call = new Fleet.FleetClient(_client.Channel).Report(
            cancellationToken: _patience.Token
        );
        async Task SendAsync()
        {
            for (int i = 1; i <= 1000; i++)
                await call.RequestStream.WriteAsync(new Measurement { Value = i });
            await call.RequestStream.CompleteAsync();
        }

        Task sending = SendAsync();
        int count = 0;
        await foreach (Measurement mean in call.ResponseStream.ReadAllAsync(_patience.Token))
        {
            count++;
            Assert.Equal((count + 1) / 2.0, mean.Value);
        }

        await sending;
        Assert.Equal(1000, count);
    }

    [Fact]
    public async Task A_server_that_restarts_in_the_middle_of_a_stream_is_a_clear_error_and_the_next_call_works()
    {
        Fleet.FleetClient fleet = new(_client.Channel);
        using AsyncDuplexStreamingCall<Measurement, Measurement> call = fleet.Report(
            cancellationToken: _patience.Token
        );
        await call.RequestStream.WriteAsync(new Measurement { Value = 1 });
        Assert.True(await call.ResponseStream.MoveNext(_patience.Token));

        await RestartAsync();
        RpcException cut = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(_patience.Token));
        Assert.Contains(cut.StatusCode, new[] { StatusCode.Unavailable, StatusCode.Cancelled, StatusCode.Internal });
        Assert.Equal(
            StatusCode.NotFound,
            (
                await Assert.ThrowsAsync<RpcException>(async () => await fleet.LatestAsync(new LatestRequest()))
            ).StatusCode
        );
        Assert.Equal("sensor-17", await _client.Http.GetStringAsync("/whoami"));
    }

    [Fact]
    public async Task A_hub_connection_comes_back_after_its_server_did()
    {
        await using HubConnection hub = _client.CreateHubConnection([
            .. Enumerable.Repeat(TimeSpan.FromMilliseconds(100), 100),
        ]);
        TaskCompletionSource reconnected = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource<string> heard = new(TaskCreationOptions.RunContinuationsAsynchronously);
        hub.Reconnected += _ =>
        {
            reconnected.TrySetResult();
            return Task.CompletedTask;
        };
        hub.On<string, string>(FleetHub.Said, (who, text) => heard.TrySetResult($"{who}: {text}"));
        await hub.StartAsync(_patience.Token);

        await RestartAsync();
        await reconnected.Task.WaitAsync(_patience.Token);
        await hub.InvokeAsync(nameof(FleetHub.Say), "back again", _patience.Token);
        Assert.Equal("sensor-17: back again", await heard.Task.WaitAsync(_patience.Token));
    }

    private async Task RestartAsync()
    {
        int port = ApiServer.AddressOf(_server).Port;
        using CancellationTokenSource atOnce = new();
        await atOnce.CancelAsync();
        await _server.StopAsync(atOnce.Token);
        await _server.DisposeAsync();
        _server = await ApiServer.StartAsync(_keys, new IPEndPoint(IPAddress.Loopback, port));
    }
}
