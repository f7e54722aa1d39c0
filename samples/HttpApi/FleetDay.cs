using System.Net;
using Grpc.Core;
using Microsoft.AspNetCore.SignalR.Client;
using Spectre.Console;

namespace SymRatchet.Samples.HttpApi;

/// <summary>
/// What a device does with its key, told step by step, with whatever comes out otherwise than it should.
/// </summary>
internal sealed class FleetDay(Uri address, PreSharedKey key, string name)
{
    private static readonly double[] Measurements = [20.5, 21.5, 24];

    private readonly List<string> _unexpected = [];

    /// <summary>Uses all three and returns what was unexpected.</summary>
    internal async Task<IReadOnlyList<string>> RunAsync(CancellationToken cancellationToken)
    {
        using ApiClient client = new(address, new SecureChannelClientOptions { Key = key });
        await UseHttpAsync(client, cancellationToken);
        await UseGrpcAsync(client, cancellationToken);
        await UseSignalRAsync(client, cancellationToken);
        return _unexpected;
    }

    private async Task UseHttpAsync(ApiClient client, CancellationToken cancellationToken)
    {
        string user = await client.Http.GetStringAsync("/whoami", cancellationToken);
        Tell("HTTP", "GET /whoami", user, user == name);

        using HttpResponseMessage foreign = await client.Http.GetAsync(
            $"/devices/{Uri.EscapeDataString(name)}",
            cancellationToken
        );
        Tell(
            "HTTP",
            $"GET /devices/{name}, which is the operator's",
            $"{(int)foreign.StatusCode}",
            foreign.StatusCode == HttpStatusCode.Forbidden
        );
    }

    private async Task UseGrpcAsync(ApiClient client, CancellationToken cancellationToken)
    {
        Fleet.FleetClient fleet = new(client.Channel);
        using AsyncDuplexStreamingCall<Measurement, Measurement> call = fleet.Report(
            cancellationToken: cancellationToken
        );
        double mean = 0;
        foreach (double value in Measurements)
        {
            await call.RequestStream.WriteAsync(new Measurement { Value = value }, cancellationToken);
            if (!await call.ResponseStream.MoveNext(cancellationToken))
                break;
            mean = call.ResponseStream.Current.Value;
        }

        await call.RequestStream.CompleteAsync();
        Tell(
            "gRPC",
            $"Report, {Measurements.Length} measurements both ways",
            $"mean {mean:0.0}",
            mean == Measurements.Average()
        );
        Measurement latest = await fleet.LatestAsync(new LatestRequest(), cancellationToken: cancellationToken);
        Tell(
            "gRPC",
            "Latest",
            $"{latest.Device}: {latest.Value:0.0}",
            latest.Device == name && latest.Value == Measurements[^1]
        );
    }

    private async Task UseSignalRAsync(ApiClient client, CancellationToken cancellationToken)
    {
        await using HubConnection hub = client.CreateHubConnection();
        TaskCompletionSource<string> heard = new(TaskCreationOptions.RunContinuationsAsynchronously);
        hub.On<string, string>(FleetHub.Said, (who, text) => heard.TrySetResult($"{who}: {text}"));
        await hub.StartAsync(cancellationToken);
        await hub.InvokeAsync(nameof(FleetHub.Say), "all is well", cancellationToken);
        string words = await heard.Task.WaitAsync(cancellationToken);
        Tell("SignalR", "Say, and hear it from the hub", words, words == $"{name}: all is well");
    }

    private void Tell(string what, string call, string outcome, bool expected)
    {
        Terminal.Out.MarkupLine(
            $"{(expected ? "[green]ok[/]" : "[red]no[/]")}  {what, -8} {Markup.Escape(call)}: "
                + $"[bold]{Markup.Escape(outcome)}[/]"
        );
        if (!expected)
            _unexpected.Add($"{what}, {call}: {outcome}");
    }
}
