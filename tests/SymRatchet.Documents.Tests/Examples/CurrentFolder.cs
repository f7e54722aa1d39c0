using SymRatchet.Documents.Tests.Running;

namespace SymRatchet.Documents.Tests.Examples;

/// <summary>
/// Examples that name files as a reader would, without a folder, run in a folder of their own, one after the other: the
/// current folder is the process's.
/// </summary>
[Collection(nameof(CurrentFolder))]
public abstract class CurrentFolder : IDisposable
{
    private readonly string _before = Directory.GetCurrentDirectory();
    private readonly TemporaryFolder _folder = new();

    protected CurrentFolder() => Directory.SetCurrentDirectory(_folder.Path);

    public void Dispose()
    {
        Directory.SetCurrentDirectory(_before);
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }
}
