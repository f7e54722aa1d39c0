using System.Globalization;
using System.Security.Cryptography;
using Microsoft.Data.Sqlite;
using SymRatchet.KeyStores.Sqlite;

namespace SymRatchet.KeyStores.CrashProcess;

/// <summary>
/// Moves the keys of a store, and looks for them in the memory of this process, which does nothing else. It knows
/// the keys by their masked halves, so that it finds no copy of its own.
/// </summary>
internal sealed class KeysInMemory
{
    private const int Identities = 20;
    private const int Advances = 30;

    private readonly byte[] _mask = RandomNumberGenerator.GetBytes(16);
    private readonly Dictionary<UInt128, Place> _masked = [];
    private readonly bool[] _starts = new bool[1 << 16];

    /// <summary>
    /// Writes how many keys were found while the store was open, replaced ones, and after it was closed.
    /// </summary>
    /// <param name="path">The store, which is created.</param>
    /// <param name="isLate">Whether SQLite is used before, so that it cannot be told to erase its memory.</param>
    internal static async Task RunAsync(string path, bool isLate)
    {
        if (isLate)
        {
            using SqliteConnection other = new("Data Source=:memory:");
            other.Open();
        }

        KeysInMemory keys = new();
        await using (SqliteKeyStore store = SqliteKeyStore.Open(path, ChannelRole.Server))
        {
            await keys.MoveAsync(store);
            Console.WriteLine($"open {keys.Search().Count(place => place.Epoch < Advances)}");
        }

        Console.WriteLine($"closed {keys.Search().Count}");
    }

    private async Task MoveAsync(SqliteKeyStore store)
    {
        byte[] key = GC.AllocateArray<byte>(PreSharedKey.Size, pinned: true);
        for (int epoch = 0; epoch <= Advances; epoch++)
        {
            if (epoch == Advances / 2)
                await ReadManyAsync(store);
            for (int identity = 0; identity < Identities; identity++)
            {
                string name = $"device {identity}";
                ClientId id = name;
                RandomNumberGenerator.Fill(key);
                if (epoch == 0)
                    await store.AddAsync(PreSharedKey.Import(name, key));
                using StoredKey? found = await store.FindAsync(id);
                if (epoch > 0)
                {
                    Remember(key, new Place(identity, epoch));
                    await store.AdvanceAsync(id, found!.Serial, epoch, key);
                }

                CryptographicOperations.ZeroMemory(key);
            }
        }
    }

    // The connections that this needs are idle afterwards.
    private static async Task ReadManyAsync(SqliteKeyStore store)
    {
        ClientId id = "device 0";
        foreach (
            StoredKey? key in await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => store.FindAsync(id).AsTask()))
        )
            key!.Dispose();
    }

    // Byte by byte: this thread may be left, and no half of a key may stay on its stack.
    private void Remember(byte[] key, Place place)
    {
        byte[] masked = new byte[16];
        for (int start = 0; start < key.Length; start += masked.Length)
        {
            for (int i = 0; i < masked.Length; i++)
                masked[i] = (byte)(key[start + i] ^ _mask[i]);
            _masked[BitConverter.ToUInt128(masked)] = place;
            _starts[BitConverter.ToUInt16(key, start)] = true;
        }
    }

    private HashSet<Place> Search()
    {
        UInt128 mask = BitConverter.ToUInt128(_mask);
        HashSet<Place> found = [];
        byte[] chunk = GC.AllocateArray<byte>(1 << 20, pinned: true);
        using FileStream memory = new(
            "/proc/self/mem",
            FileMode.Open,
            FileAccess.Read,
            FileShare.ReadWrite,
            bufferSize: 0
        );
        foreach (
            string line in File.ReadAllLines("/proc/self/maps")
                .Where(line => line.Contains(" rw", StringComparison.Ordinal))
        )
        {
            long[] ends =
            [
                .. line.Split(' ')[0]
                    .Split('-')
                    .Select(end => long.Parse(end, NumberStyles.HexNumber, CultureInfo.InvariantCulture)),
            ];
            for (long at = ends[0]; at < ends[1]; at += chunk.Length - 32)
            {
                int length;
                try
                {
                    memory.Position = at;
                    length = memory.Read(chunk, 0, (int)Math.Min(chunk.Length, ends[1] - at));
                }
                catch (IOException)
                {
                    break; // was given back meanwhile
                }

                for (int i = 0; i + 16 <= length; i++)
                {
                    if (
                        _starts[BitConverter.ToUInt16(chunk, i)]
                        && _masked.TryGetValue(BitConverter.ToUInt128(chunk, i) ^ mask, out Place place)
                    )
                        found.Add(place);
                }

                Array.Clear(chunk);
            }
        }

        return found;
    }

    private readonly record struct Place(int Identity, int Epoch);
}
