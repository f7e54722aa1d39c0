using SymRatchet.Documents.Tests.Running;
using SymRatchet.KeyStores.Tests.Contract;

namespace SymRatchet.Documents.Tests.Examples.Extending;

/// <summary>The faults that every store must bear, of the store in the guide.</summary>
public sealed class KeyFileFaultExample : FaultContract, IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _path;

    public KeyFileFaultExample() => _path = _folder.PathOf("device.key");

    private protected override ChannelRole Role => ChannelRole.Client;

    private protected override TimeSpan Limit => TimeSpan.FromSeconds(1);

    public void Dispose() => _folder.Dispose();

    private protected override ValueTask<IKeyStore> OpenAsync(StoreFault fault)
    {
        if (!File.Exists(_path))
            KeyFileStore.Create(_path, TestKeys.Shared(Name));
        return new(new KeyFileStore(_path));
    }

    private protected override async ValueTask<Func<Task>?> BreakAsync(StoreFault fault)
    {
        byte[] content = await File.ReadAllBytesAsync(_path);
        switch (fault)
        {
            case StoreFault.Failing:
                await File.WriteAllBytesAsync(_path, new byte[content.Length]);
                break;
            case StoreFault.Replaced:
                File.Delete(_path);
                break;
            default:
                return null; // a small file has no other fault that a test can make
        }

        return () => File.WriteAllBytesAsync(_path, content);
    }
}
