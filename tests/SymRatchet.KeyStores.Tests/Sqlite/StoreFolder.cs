using SymRatchet.KeyStores.Sqlite;

namespace SymRatchet.KeyStores.Tests.Sqlite;

/// <summary>A folder with the store files of one test. Disposing it closes the stores and deletes the folder.</summary>
internal sealed class StoreFolder : IAsyncDisposable
{
    private readonly List<SqliteKeyStore> _opened = [];

    internal string Path { get; } = Directory.CreateTempSubdirectory("symratchet-").FullName;

    internal string FileOf(ChannelRole role) => System.IO.Path.Combine(Path, $"{role}.keys");

    internal SqliteKeyStore Open(ChannelRole role = ChannelRole.Server, SqliteKeyStoreOptions? options = null)
    {
        SqliteKeyStore store = SqliteKeyStore.Open(FileOf(role), role, options);
        _opened.Add(store);
        return store;
    }

    /// <summary>Every byte of every file in the folder.</summary>
    internal byte[] AllBytes() =>
        [.. Directory.GetFiles(Path).Order(StringComparer.Ordinal).SelectMany(KeySearch.ReadShared)];

    public async ValueTask DisposeAsync()
    {
        foreach (SqliteKeyStore store in _opened)
            await store.DisposeAsync();
        Directory.Delete(Path, recursive: true);
    }
}
