using Microsoft.Win32.SafeHandles;

namespace SymRatchet.Keys;

/// <summary>
/// How the files of this library begin: what a file at a path is, without opening it as that. One source, compiled into
/// the library and into the tool.
/// </summary>
internal static class KeyFileHead
{
    /// <summary>How every key file begins.</summary>
    internal static ReadOnlySpan<byte> FirstLine => "symratchet key file 1\n"u8;

    private static ReadOnlySpan<byte> Credential => "symratchet credential"u8;

    private static ReadOnlySpan<byte> Common => "symratchet "u8;

    /// <summary>Whether this is a credential, of whatever version and however damaged.</summary>
    internal static bool IsCredential(ReadOnlySpan<byte> content) => content.StartsWith(Credential);

    /// <summary>
    /// Whether this is a key file, of whatever version. A crash may have mixed its first line with that of the
    /// credential that it was.
    /// </summary>
    internal static bool IsKeyFile(ReadOnlySpan<byte> content) => content.StartsWith(Common) && !IsCredential(content);

    /// <summary>Reads the first bytes of whatever is at a path, and waits for nobody.</summary>
    /// <returns>As many as there are; none where nothing can be read.</returns>
    internal static ReadOnlySpan<byte> ReadFrom(string path)
    {
        byte[] head = new byte[Credential.Length];
        try
        {
            using SafeFileHandle file = OperatingSystem.IsLinux()
                ? new(LinuxFile.Open(Path.GetFullPath(path), LinuxFile.Quietly, 0), ownsHandle: true)
                : File.OpenHandle(path, share: FileShare.ReadWrite | FileShare.Delete);
            return file.IsInvalid ? [] : head.AsSpan(..RandomAccess.Read(file, head, 0));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
