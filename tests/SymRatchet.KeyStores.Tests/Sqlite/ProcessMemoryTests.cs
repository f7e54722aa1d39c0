using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using SymRatchet.KeyStores.Sqlite;
using SymRatchet.KeyStores.Tests.Contract;
using Xunit.Abstractions;

namespace SymRatchet.KeyStores.Tests.Sqlite;

/// <summary>How many replaced keys are left in this process's memory.</summary>
public sealed class ProcessMemoryTests(ITestOutputHelper output)
{
    private const int Keys = 60;

    // Before any test uses SQLite.
    [ModuleInitializer]
    internal static void EraseMemory() => _ = ErasingMemory.IsOn;

    [SkippableFact]
    public async Task Few_replaced_keys_are_left_in_memory()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Only Linux shows a process its memory.");
        Assert.True(ErasingMemory.IsOn || RuntimeInformation.ProcessArchitecture is not (Architecture.X64 or Architecture.Arm64));
        await using StoreFolder folder = new();
        SqliteKeyStore store = folder.Open();
        await store.AddAsync(TestKeys.Shared("device 1"));
        long serial = await store.SerialAsync("device 1");
        UInt128 mask = BitConverter.ToUInt128(RandomNumberGenerator.GetBytes(16));
        Dictionary<UInt128, int> masked = []; // the test must not find what it looks with
        byte[] key = GC.AllocateArray<byte>(32, pinned: true);
        for (int epoch = 1; epoch <= Keys + 1; epoch++)
        {
            RandomNumberGenerator.Fill(key);
            masked[BitConverter.ToUInt128(key) ^ mask] = epoch;
            masked[BitConverter.ToUInt128(key, 16) ^ mask] = epoch;
            await store.AdvanceAsync("device 1", serial, epoch, key);
            CryptographicOperations.ZeroMemory(key);
            using StoredKey? found = await store.FindAsync("device 1");
            Assert.Equal(epoch, found!.Epoch);
        }

        HashSet<int> left = Search(mask, masked);
        left.RemoveWhere(epoch => epoch > Keys);
        output.WriteLine($"{left.Count} of {Keys} replaced keys are in memory: {string.Join(", ", left)}");
        Assert.DoesNotContain(2, left); // its record was the last that grew
        Assert.True(left.Count <= 1, $"{left.Count} keys");
    }

    private static HashSet<int> Search(UInt128 mask, Dictionary<UInt128, int> masked)
    {
        bool[] starts = new bool[65536];
        foreach (UInt128 half in masked.Keys)
            starts[(ushort)(half ^ mask)] = true;
        HashSet<int> found = [];
        byte[] chunk = GC.AllocateArray<byte>(1 << 20, pinned: true);
        using FileStream memory = new("/proc/self/mem", FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
        foreach (string line in File.ReadAllLines("/proc/self/maps").Where(line => line.Contains(" rw", StringComparison.Ordinal)))
        {
            long[] ends = [.. line.Split(' ')[0].Split('-').Select(end => long.Parse(end, NumberStyles.HexNumber, CultureInfo.InvariantCulture))];
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
                    break;
                }

                for (int i = 0; i + 16 <= length; i++)
                {
                    if (starts[BitConverter.ToUInt16(chunk, i)] && masked.TryGetValue(BitConverter.ToUInt128(chunk, i) ^ mask, out int epoch))
                        found.Add(epoch);
                }

                Array.Clear(chunk);
            }
        }

        return found;
    }
}
