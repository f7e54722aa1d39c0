namespace SymRatchet.Connections.Tests.Cluster;

/// <summary>Tells on which silo it runs, and asks others.</summary>
public interface IPlaceGrain : IGrainWithIntegerKey
{
    Task<string> WhereAsync();

    Task<string> WhereIsAsync(long other);
}
