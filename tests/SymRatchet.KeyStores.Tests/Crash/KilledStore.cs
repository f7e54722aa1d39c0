using SymRatchet.KeyStores.Sqlite;
using SymRatchet.KeyStores.Tests.Contract;
using SymRatchet.KeyStores.Tests.Sqlite;
using SymRatchet.Protocol1;

namespace SymRatchet.KeyStores.Tests.Crash;

/// <summary>The store file of a process that was killed, and what must be true of it.</summary>
/// <param name="path">The file.</param>
/// <param name="role">Its role.</param>
/// <param name="name">Its identity.</param>
/// <param name="open">How it is opened where it is not a SQLite store.</param>
internal sealed class KilledStore(
    string path,
    ChannelRole role,
    string name,
    Func<Task<(IKeyStore, IAsyncDisposable)>>? open = null
)
{
    private readonly List<byte[]> _roots = [FirstRoot(role, name)];
    private long _last;
    private long _read;

    internal async Task<long> EpochAsync()
    {
        (IKeyStore store, IAsyncDisposable opened) = await OpenAsync();
        await using IAsyncDisposable closing = opened;
        _read = TimeProvider.System.GetTimestamp();
        return (await store.EpochAsync(name))!.Value;
    }

    /// <summary>It opens, has not gone back, holds the key of its epoch, and no old key is in its files.</summary>
    internal async Task InspectAsync()
    {
        byte[] asLeft = Bytes();
        bool wasRead = _read != 0 && TimeProvider.System.GetElapsedTime(_read) < TimeSpan.FromSeconds(1);
        (IKeyStore store, IAsyncDisposable opened) = await OpenAsync();
        await using IAsyncDisposable closing = opened;
        using StoredKey? key = await store.FindAsync(name);
        long epoch = key!.Epoch;
        Assert.True(epoch >= _last, $"{_last}, then {epoch}");
        _last = epoch;
        Assert.Equal(Convert.ToHexString(Root(epoch)), Convert.ToHexString(key.EpochKey));

        // An advance that was never reported may have left the key that it replaced; opening the store removes even
        // that. Beside a reader, as this test is one, old keys may stay until the next cleaning.
        if (!wasRead)
            Assert.Empty(KeySearch.Find(asLeft, Before(epoch - 1)));
        Assert.Empty(KeySearch.Find(Bytes(), Before(epoch)));
        Assert.NotEmpty(KeySearch.Find(Bytes(), [Root(epoch)]));
    }

    private async Task<(IKeyStore, IAsyncDisposable)> OpenAsync()
    {
        if (open is not null)
            return await open();
        var store = SqliteKeyStore.Open(path, role, new SqliteKeyStoreOptions { CreateIfMissing = false });
        return (store, store);
    }

    private IEnumerable<byte[]> Before(long epoch) => epoch <= 0 ? [] : _roots.Take((int)epoch);

    private byte[] Root(long epoch)
    {
        while (_roots.Count <= epoch)
        {
            byte[] next = [.. _roots[^1]];
            EpochChain.Walk(next, 1);
            _roots.Add(next);
        }

        return _roots[(int)epoch];
    }

    private byte[] Bytes() =>
        [
            .. Directory
                .GetFiles(Path.GetDirectoryName(path)!, Path.GetFileName(path) + "*")
                .SelectMany(file => open is null ? KeySearch.ReadShared(file) : KeySearch.ReadLocked(file)),
        ];

    private static byte[] FirstRoot(ChannelRole role, string name)
    {
        using PreSharedKey shared = TestKeys.Shared(name);
        using StoredKey imported = shared.ImportFor(role);
        return imported.EpochKey.ToArray();
    }
}
