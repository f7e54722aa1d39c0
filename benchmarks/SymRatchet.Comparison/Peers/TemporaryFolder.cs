namespace SymRatchet.Comparison.Peers;

/// <summary>
/// A folder of its owner's alone that is made when it is first needed, and goes with what it was made for.
/// </summary>
internal sealed class TemporaryFolder : IDisposable
{
    private readonly Lazy<string> _path = new(() => Directory.CreateTempSubdirectory("symratchet-peers-").FullName);

    internal string PathOf(string name) => Path.Combine(_path.Value, name);

    public void Dispose()
    {
        if (_path.IsValueCreated)
            Directory.Delete(_path.Value, recursive: true);
    }
}
