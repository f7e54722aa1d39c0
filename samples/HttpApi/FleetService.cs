using Grpc.Core;
using Microsoft.AspNetCore.Authorization;

namespace SymRatchet.Samples.HttpApi;

/// <summary>The gRPC service. Who calls is known from the channel; no call says it of itself.</summary>
[Authorize]
internal sealed class FleetService(FleetState state) : Fleet.FleetBase
{
    public override Task<Measurement> Latest(LatestRequest request, ServerCallContext context)
    {
        string device = DeviceOf(context);
        double value =
            state.Latest(device)
            ?? throw new RpcException(new Status(StatusCode.NotFound, $"{device} has reported nothing yet"));
        return Task.FromResult(new Measurement { Device = device, Value = value });
    }

    public override async Task Report(
        IAsyncStreamReader<Measurement> requestStream,
        IServerStreamWriter<Measurement> responseStream,
        ServerCallContext context
    )
    {
        string device = DeviceOf(context);
        await foreach (Measurement measurement in requestStream.ReadAllAsync(context.CancellationToken))
            await responseStream.WriteAsync(
                new Measurement { Device = device, Value = state.Report(device, measurement.Value) },
                context.CancellationToken
            );
    }

    private static string DeviceOf(ServerCallContext context) => context.GetHttpContext().User.Identity!.Name!;
}
