using Orleans.Placement;

namespace SymRatchet.Connections.Tests.Cluster;

[RandomPlacement]
public sealed class PlaceGrain(ILocalSiloDetails silo, IGrainFactory grains) : Grain, IPlaceGrain
{
    public Task<string> WhereAsync() => Task.FromResult(silo.Name);

    public Task<string> WhereIsAsync(long other) => grains.GetGrain<IPlaceGrain>(other).WhereAsync();
}
