using SymRatchet.Keys;
using SymRatchet.KeyStores.Tests.Contract;
using SymRatchet.KeyStores.Tests.Sqlite;

namespace SymRatchet.KeyStores.Tests.KeyFiles;

public sealed class KeyFileFaultTests : FaultContract, IAsyncLifetime
{
    private readonly KeyFileOptions _options = new() { CreateIfMissing = true, Timeout = TimeSpan.FromSeconds(1) };
    private readonly Lazy<SmallDisk> _disk = new(() => SmallDisk.Mount(kilobytes: 64));
    private readonly KeyFileFolder _folder = new();
    private readonly ManualResetEventSlim _mayGoOn = new(initialState: true);
    private KeyFile? _opened;
    private string _path = "";
    private volatile bool _fails;
    private int _delay;

    private protected override TimeSpan Limit => 2 * _options.Timeout;

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        _mayGoOn.Set();
        await CloseAsync();
        if (_disk.IsValueCreated)
            _disk.Value.Dispose();
        await _folder.DisposeAsync();
    }

    private protected override async ValueTask<IKeyStore> OpenAsync(StoreFault fault)
    {
        await CloseAsync();
        _path = fault == StoreFault.Full ? _disk.Value.PathOf("keys") : _folder.PathOf("keys");
        bool isNew = !File.Exists(_path);
        _opened = KeyFile.Open(
            _path,
            Role,
            new(_options) { Timeout = MustSucceed(fault) ? TimeSpan.FromSeconds(20) : _options.Timeout },
            () => new Gated(this, new KeyFileHandle(_path, create: true))
        );
        if (isNew)
            await _opened.AddAsync(TestKeys.Shared(Name));
        return _opened;
    }

    private protected override ValueTask<Func<Task>?> BreakAsync(StoreFault fault)
    {
        switch (fault)
        {
            case StoreFault.Frozen:
                _mayGoOn.Reset();
                return Healed(_mayGoOn.Set);
            case StoreFault.Slow:
                Volatile.Write(ref _delay, 300);
                return Healed(() => Volatile.Write(ref _delay, 0));
            case StoreFault.Failing:
                _fails = true;
                return Healed(() => _fails = false);
            case StoreFault.Replaced when OperatingSystem.IsLinux():
                File.Move(_path, _path + ".away");
                File.WriteAllBytes(_path, KeySearch.ReadLocked(_path + ".away"));
                return new(async () =>
                {
                    await CloseAsync();
                    File.Move(_path + ".away", _path, overwrite: true);
                });
            case StoreFault.Full:
                _disk.Value.Fill();
                return Healed(_disk.Value.MakeRoom);
            default:
                return new((Func<Task>?)null); // read-only is refused at the opening, and there is no other row
        }
    }

    private static ValueTask<Func<Task>?> Healed(Action end) =>
        new(() =>
        {
            end();
            return Task.CompletedTask;
        });

    private async Task CloseAsync()
    {
        if (_opened is not null)
            await _opened.DisposeAsync();
    }

    /// <summary>The file of the test on a disk that hangs, is slow or fails.</summary>
    private sealed class Gated(KeyFileFaultTests test, KeyFileHandle file) : IRawFile
    {
        public long Length => file.Length;

        public void Read(Span<byte> content, long offset) => file.Read(content, offset);

        public void Write(ReadOnlySpan<byte> content, long offset) => file.Write(content, offset);

        public void SetLength(long length) => file.SetLength(length);

        public void Flush()
        {
            test._mayGoOn.Wait();
            Thread.Sleep(Volatile.Read(ref test._delay));
            if (test._fails)
                throw new IOException("input/output error");
            file.Flush();
        }

        public bool IsInPlace() => file.IsInPlace();

        public void Dispose() => file.Dispose();
    }
}
