using Microsoft.Win32.SafeHandles;

namespace SymRatchet.Keys;

/// <summary>
/// The first bytes of the library's files, by which credentials and key files are recognised. The tool compiles this
/// file too.
/// </summary>
internal static class KeyFileHead
{
    /// <summary>The first bytes of every key file.</summary>
    internal static ReadOnlySpan<byte> FirstLine => "symratchet key file 1\n"u8;

    private static ReadOnlySpan<byte> Credential => "symratchet credential"u8;

    private static ReadOnlySpan<byte> Common => "symratchet "u8;

    /// <summary>Whether this is a credential, of any version, perhaps damaged.</summary>
    internal static bool IsCredential(ReadOnlySpan<byte> content) => content.StartsWith(Credential);

    /// <summary>
    /// Whether this is a key file, of any version. After a crash its first line may be a mixture with that of the
    /// former credential.
    /// </summary>
    internal static bool IsKeyFile(ReadOnlySpan<byte> content) => content.StartsWith(Common) && !IsCredential(content);

    /// <summary>Reads the first bytes of the file at a path without blocking.</summary>
    /// <returns>As many bytes as there are; none if the file cannot be read.</returns>
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
