using System.Diagnostics;
using SymRatchet.KeyStores.Sqlite;
using SymRatchet.KeyStores.Tests.Contract;
using SymRatchet.KeyStores.Tests.Sqlite;
using Xunit.Abstractions;

namespace SymRatchet.KeyStores.Tests.Wrapping;

/// <summary>How well ids are told apart by the time that a lookup takes. SYMRATCHET_MEASURE=1 runs it; DecoyTests holds the cause.</summary>
public sealed class LookupTimeTests(ITestOutputHelper output)
{
    private const int Rounds = 10_000;

    [SkippableTheory]
    [InlineData("memory")]
    [InlineData("plain")]
    [InlineData("wrapped")]
    public async Task Lookups_of_unknown_ids_take_as_long_as_those_of_others(string kind)
    {
        Skip.If(Environment.GetEnvironmentVariable("SYMRATCHET_MEASURE") is null, "Set SYMRATCHET_MEASURE=1 to measure.");
        await using StoreFolder folder = new();
        using KeyRing ring = new();
        IKeyDirectory store = kind == "memory"
            ? new InMemoryKeyStore(ChannelRole.Server)
            : folder.Open(options: new SqliteKeyStoreOptions { Wrapper = kind == "plain" ? PlainKeys.Instance : ring.Open() });
        foreach (string name in (string[])["known 1", "rotate1", "revoked"])
            await store.AddAsync(TestKeys.Shared(name));
        await store.RotateAsync(TestKeys.Shared("rotate1", 1));
        await store.RevokeAsync(TestKeys.Id("revoked"));

        string[] names = ["unknown", "known 1", "rotate1", "revoked"];
        double[][] times = [.. names.Select(_ => new double[Rounds])];
        Random random = new(7);
        for (int round = -1000; round < Rounds; round++)
        {
            int[] order = [0, 1, 2, 3];
            random.Shuffle(order);
            foreach (int i in order)
            {
                long started = Stopwatch.GetTimestamp();
                (await store.FindAsync(TestKeys.Id(names[i])))?.Dispose();
                if (round >= 0)
                    times[i][round] = Stopwatch.GetElapsedTime(started).TotalMicroseconds;
            }
        }

        for (int i = 0; i < names.Length; i++)
            output.WriteLine($"{kind}: {names[i]} median {Median(times[i]):0.00} us, z to unknown {Z(times[i], times[0]):0.0}");
    }

    private static double Median(double[] values) => values.Order().ElementAt(values.Length / 2);

    // The rank sum of Mann and Whitney, which a few slow lookups do not spoil.
    private static double Z(double[] one, double[] other)
    {
        (double Value, bool IsOne)[] all = [.. one.Select(value => (value, true)).Concat(other.Select(value => (value, false))).OrderBy(entry => entry.Item1)];
        double ranks = 0;
        for (int start = 0; start < all.Length;)
        {
            int end = start;
            while (end < all.Length && all[end].Value.Equals(all[start].Value))
                end++;
            ranks += all[start..end].Count(entry => entry.IsOne) * ((start + end + 1) / 2.0);
            start = end;
        }

        double n = one.Length;
        double m = other.Length;
        return (ranks - (n * (n + m + 1) / 2)) / Math.Sqrt(n * m * (n + m + 1) / 12);
    }
}
