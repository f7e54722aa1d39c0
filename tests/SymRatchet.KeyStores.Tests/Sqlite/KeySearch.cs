using System.Diagnostics;

namespace SymRatchet.KeyStores.Tests.Sqlite;

/// <summary>Looks for keys in the bytes of files. Half a key that is left counts as the key.</summary>
internal static class KeySearch
{
    internal static List<int> Find(byte[] bytes, IEnumerable<byte[]> keys)
    {
        HashSet<UInt128> halves =
        [
            .. keys.SelectMany(key => key.Chunk(16)).Select(half => BitConverter.ToUInt128(half)),
        ];
        List<int> found = [];
        for (int i = 0; i + 16 <= bytes.Length; i++)
        {
            if (halves.Contains(BitConverter.ToUInt128(bytes, i)))
                found.Add(i);
        }

        return found;
    }

    /// <summary>Reads a file that others have locked, as a program does that knows of no locks.</summary>
    internal static byte[] ReadLocked(string path)
    {
        using var cat = Process.Start(new ProcessStartInfo("cat", [path]) { RedirectStandardOutput = true })!;
        using MemoryStream bytes = new();
        cat.StandardOutput.BaseStream.CopyTo(bytes);
        cat.WaitForExit();
        return bytes.ToArray();
    }

    /// <summary>Reads a file that others have open.</summary>
    internal static byte[] ReadShared(string path)
    {
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        byte[] bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        return bytes;
    }
}
