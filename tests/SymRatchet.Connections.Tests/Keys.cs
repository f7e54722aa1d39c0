namespace SymRatchet.Connections.Tests;

/// <summary>Keys of clients, the same on both sides of a test.</summary>
internal static class Keys
{
    internal static PreSharedKey Of(string id, byte first = 1) =>
        PreSharedKey.Import(id, [.. Enumerable.Range(0, 32).Select(i => (byte)(first + i))]);

    internal static InMemoryKeyStore Store(params string[] ids)
    {
        InMemoryKeyStore store = new(ChannelRole.Server);
        foreach (string id in ids)
            store.Add(Of(id));
        return store;
    }

    internal static SecureChannelClientOptions Client(string id) => new() { Key = Of(id) };

    internal static SecureChannelServerOptions Server(params string[] ids) => new() { Keys = Store(ids) };
}
