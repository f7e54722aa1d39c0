using SymRatchet.KeyStores.Sqlite;
using SymRatchet.KeyStores.Tests.Contract;

namespace SymRatchet.KeyStores.Tests.Sqlite;

public class SqliteFaultTests : FaultContract, IAsyncLifetime
{
    private readonly List<SqliteKeyStore> _opened = [];
    private readonly Lazy<SmallDisk> _disk = new(() => SmallDisk.Mount(kilobytes: 256));
    private readonly string _folder = Directory.CreateTempSubdirectory("symratchet-").FullName;
    private string _path = "";

    /// <summary>Three times the time for other processes, as the options say.</summary>
    private protected override TimeSpan Limit => 3 * Options.BusyTimeout;

    private protected virtual SqliteKeyStoreOptions Options { get; } = new() { BusyTimeout = TimeSpan.FromSeconds(1) };

    public Task InitializeAsync() => Task.CompletedTask;

    public virtual async Task DisposeAsync()
    {
        await CloseAsync();
        if (_disk.IsValueCreated)
            _disk.Value.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private protected override async ValueTask<IKeyStore> OpenAsync(StoreFault fault)
    {
        _path = fault == StoreFault.Full ? _disk.Value.PathOf("server.keys") : Path.Combine(_folder, "server.keys");
        bool isNew = !File.Exists(_path);
        var store = SqliteKeyStore.Open(
            _path,
            ChannelRole.Server,
            new(Options) { BusyTimeout = MustSucceed(fault) ? TimeSpan.FromSeconds(20) : Options.BusyTimeout }
        );
        _opened.Add(store);
        if (isNew)
        {
            await store.AddAsync(TestKeys.Shared(Name));
            await store.AddAsync(TestKeys.Shared(Other));
        }

        return store;
    }

    private protected override async ValueTask<Func<Task>?> BreakAsync(StoreFault fault)
    {
        switch (fault)
        {
            case StoreFault.Frozen:
                OutsideConnection writer = new(_path);
                writer.BeginWriting();
                return Ending(writer.Dispose);
            case StoreFault.Slow:
                OutsideConnection brief = new(_path);
                brief.BeginWriting();
                Task ending = Task.Run(async () =>
                {
                    await Task.Delay(300);
                    brief.Dispose();
                });
                return () => ending;
            case StoreFault.Failing:
                Run("ALTER TABLE keys RENAME TO gone");
                return Ending(() => Run("ALTER TABLE gone RENAME TO keys"));
            case StoreFault.Replaced when OperatingSystem.IsLinux():
                File.Move(_path, _path + ".away");
                File.Copy(_path + ".away", _path);
                return async () =>
                {
                    // As the guide says it: stopped, then restored.
                    await CloseAsync();
                    File.Move(_path + ".away", _path, overwrite: true);
                };
            case StoreFault.Full:
                await CloseAsync();
                await OpenAsync(fault); // a store that was just opened needs room for its log
                _disk.Value.Fill();
                return Ending(_disk.Value.MakeRoom);
            case StoreFault.OddRow:
                Run($"UPDATE keys SET protocol = 99 WHERE id = CAST('{Other}' AS BLOB)");
                return Ending(static () => { });
            default:
                return null; // read-only is what a file is found to be when it is opened
        }
    }

    private async Task CloseAsync()
    {
        foreach (SqliteKeyStore store in _opened)
            await store.DisposeAsync();
        _opened.Clear();
    }

    private void Run(string sql)
    {
        using OutsideConnection outside = new(_path);
        outside.Run(sql);
    }

    private protected static Func<Task> Ending(Action end) =>
        () =>
        {
            end();
            return Task.CompletedTask;
        };
}
