using Microsoft.Win32.SafeHandles;

namespace SymRatchet.Keys;

/// <summary>An open key file: private to its owner, and locked until it is disposed.</summary>
internal sealed class KeyFileHandle : IRawFile
{
    private readonly string _path;
    private readonly SafeFileHandle _file;

    internal KeyFileHandle(string path, bool create)
    {
        _path = path;
        _file = OwnerOnlyFile.OpenLocked(path, create);
    }

    public long Length => RandomAccess.GetLength(_file);

    public void Read(Span<byte> content, long offset) => content[OwnerOnlyFile.Read(_file, content, offset)..].Clear();

    public void Write(ReadOnlySpan<byte> content, long offset) => RandomAccess.Write(_file, content, offset);

    public void SetLength(long length) => RandomAccess.SetLength(_file, length);

    public void Flush() => RandomAccess.FlushToDisk(_file);

    public bool IsInPlace() => OwnerOnlyFile.IsAt(_path, _file);

    public void Dispose() => _file.Dispose();
}
