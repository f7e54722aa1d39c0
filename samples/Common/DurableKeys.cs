using SymRatchet.KeyStores.Sqlite;

namespace SymRatchet.Samples;

/// <summary>The key store file that a sample is given with <c>--store</c>.</summary>
public static class DurableKeys
{
    /// <summary>
    /// The keys that come with a store: those of a file where one is given, and never those of the demonstration.
    /// </summary>
    public static ClientKeys Load(string? keysPath, string store, ChannelProtocol protocol) =>
        keysPath is null ? new ClientKeys(store) : KeysFile.Read(keysPath, protocol);

    /// <summary>
    /// Opens a server's store, makes it where it is not there, and adds the keys that it does not know. What it knows
    /// stays as it is.
    /// </summary>
    public static async Task<SqliteKeyStore> OpenAsync(
        string path,
        ClientKeys keys,
        CancellationToken cancellationToken
    )
    {
        SqliteKeyStore store = SqliteKeyStore.Open(path, ChannelRole.Server);
        try
        {
            foreach (ClientId id in keys.Ids)
            {
                if (
                    keys.TryFind(id, out PreSharedKey? key)
                    && await store.DescribeAsync(key.Id, cancellationToken) is null
                )
                    await store.AddAsync(key, cancellationToken: cancellationToken);
            }

            return store;
        }
        catch
        {
            await store.DisposeAsync();
            throw;
        }
    }

    /// <summary>How many identities a store holds.</summary>
    public static async Task<int> CountAsync(IKeyDirectory store, CancellationToken cancellationToken)
    {
        int count = 0;
        await foreach (KeyRecord _ in store.ListAllAsync(cancellationToken))
            count++;
        return count;
    }
}
