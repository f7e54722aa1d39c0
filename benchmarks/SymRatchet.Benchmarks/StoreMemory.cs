using System.Globalization;

namespace SymRatchet.Benchmarks;

/// <summary>The command <c>store-memory</c>: what an <see cref="InMemoryKeyStore"/> holds for each identity.</summary>
internal static class StoreMemory
{
    private const int Most = 10_000_000;

    internal static int Run(string[] args)
    {
        int count = 1_000_000;
        if (
            args.Length > 1
            || (
                args is [var number]
                && (!int.TryParse(number, CultureInfo.InvariantCulture, out count) || count is < 1 or > Most)
            )
        )
        {
            Console.Error.WriteLine(
                string.Create(CultureInfo.InvariantCulture, $"store-memory takes a number of identities, 1 to {Most}.")
            );
            return 2;
        }

        using InMemoryKeyStore store = new(ChannelRole.Server);
        using (PreSharedKey first = PreSharedKey.Generate("first"))
            store.Add(first);
        long heap = GC.GetTotalMemory(forceFullCollection: true);
        long memory = Environment.WorkingSet;
        GrowingStore.Fill(store, count, Console.Error.WriteLine);
        long heapEach = (GC.GetTotalMemory(forceFullCollection: true) - heap) / count;
        long memoryEach = (Environment.WorkingSet - memory) / count;
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{count} identities: {heapEach} bytes each on the heap, {memoryEach} of the process"
            )
        );
        return 0;
    }
}
