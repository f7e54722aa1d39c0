namespace SymRatchet.KeyStores.Tests.KeyFiles;

/// <summary>A folder with the key files of one test. Disposing it closes the files and deletes the folder.</summary>
internal sealed class KeyFileFolder : IAsyncDisposable
{
    private readonly List<KeyFile> _opened = [];

    internal string Path { get; } = Directory.CreateTempSubdirectory("symratchet-keyfile-").FullName;

    internal string PathOf(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Makes a credential file.</summary>
    internal string Carry(PreSharedKey key, string name = "device.credential")
    {
        key.WriteCredentialFile(PathOf(name));
        return PathOf(name);
    }

    /// <summary>Opens a file, which it makes where there is none.</summary>
    internal async Task<KeyFile> OpenAsync(
        string name = "device.credential",
        ChannelRole role = ChannelRole.Client,
        KeyFileOptions? options = null
    )
    {
        var file = await KeyFile.OpenAsync(
            PathOf(name),
            role,
            new KeyFileOptions(options ?? new KeyFileOptions()) { CreateIfMissing = true }
        );
        _opened.Add(file);
        return file;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (KeyFile file in _opened)
            await file.DisposeAsync();
        Directory.Delete(Path, recursive: true);
    }
}
