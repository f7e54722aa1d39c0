using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.Extensions.DependencyInjection;
using SymRatchet.KeyStores.DataProtection;

namespace SymRatchet.KeyStores.Tests.Wrapping;

/// <summary>A key ring in a folder of its own, as an application would have it.</summary>
internal sealed class KeyRing : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("symratchet-ring-");
    private readonly List<ServiceProvider> _opened = [];

    /// <summary>Opens the ring as a new process would.</summary>
    internal DataProtectionKeyWrapper Open() => new(Services().GetRequiredService<IDataProtectionProvider>());

    /// <summary>Adds a key, which wraps from now on.</summary>
    internal void AddKey() =>
        Services()
            .GetRequiredService<IKeyManager>()
            .CreateNewKey(DateTimeOffset.UtcNow, DateTimeOffset.UtcNow.AddDays(90));

    /// <summary>Destroys all keys but the newest.</summary>
    internal void DeleteOldKeys()
    {
        IKeyManager manager = Services().GetRequiredService<IKeyManager>();
        Guid newest = manager.GetAllKeys().MaxBy(key => key.CreationDate)!.KeyId;
        foreach (
            FileInfo old in _folder
                .GetFiles("key-*.xml")
                .Where(file => !file.Name.Contains($"{newest}", StringComparison.OrdinalIgnoreCase))
        )
            old.Delete();
        Assert.Single(Services().GetRequiredService<IKeyManager>().GetAllKeys());
    }

    public void Dispose()
    {
        foreach (ServiceProvider services in _opened)
            services.Dispose();
        _folder.Delete(recursive: true);
    }

    private ServiceProvider Services()
    {
        ServiceCollection services = new();
        services.AddDataProtection().PersistKeysToFileSystem(_folder).SetApplicationName(nameof(SymRatchet));
        ServiceProvider provider = services.BuildServiceProvider();
        _opened.Add(provider);
        return provider;
    }
}
