namespace SymRatchet.KeyStores.Tests.Sqlite;

/// <summary>Looks for keys in the bytes of files. Half a key that is left counts as the key.</summary>
internal static class KeySearch
{
    internal static List<int> Find(byte[] bytes, IEnumerable<byte[]> keys)
    {
        HashSet<UInt128> halves = [.. keys.SelectMany(key => key.Chunk(16)).Select(half => BitConverter.ToUInt128(half))];
        List<int> found = [];
        for (int i = 0; i + 16 <= bytes.Length; i++)
        {
            if (halves.Contains(BitConverter.ToUInt128(bytes, i)))
                found.Add(i);
        }

        return found;
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
