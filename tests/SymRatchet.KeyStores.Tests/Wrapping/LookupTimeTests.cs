using System.Diagnostics;
using SymRatchet.KeyStores.Sqlite;
using SymRatchet.KeyStores.Tests.Contract;
using SymRatchet.KeyStores.Tests.Sqlite;
using SymRatchet.TestKit;
using Xunit.Abstractions;

namespace SymRatchet.KeyStores.Tests.Wrapping;

/// <summary>
/// How well ids are told apart by the time that a lookup, or a refusal, takes. SYMRATCHET_MEASURE=1 runs it; DecoyTests
/// holds the cause.
/// </summary>
public sealed class LookupTimeTests(ITestOutputHelper output)
{
    private const int Rounds = 10_000;

    [SkippableTheory]
    [InlineData("memory")]
    [InlineData("plain")]
    [InlineData("wrapped")]
    public async Task Lookups_of_unknown_ids_take_as_long_as_those_of_others(string kind)
    {
        Skip.If(
            Environment.GetEnvironmentVariable("SYMRATCHET_MEASURE") is null,
            "Set SYMRATCHET_MEASURE=1 to measure."
        );
        await MeasureAsync(
            kind,
            Rounds,
            async (store, id) =>
            {
                long started = Stopwatch.GetTimestamp();
                (await store.FindAsync(id))?.Dispose();
                return Stopwatch.GetElapsedTime(started);
            }
        );
    }

    [SkippableTheory]
    [InlineData("memory")]
    [InlineData("plain")]
    [InlineData("wrapped")]
    [Requirement("R5.1-5")]
    public async Task Hellos_of_unknown_ids_are_refused_as_fast_as_those_of_others_with_a_wrong_key(string kind)
    {
        Skip.If(
            Environment.GetEnvironmentVariable("SYMRATCHET_MEASURE") is null,
            "Set SYMRATCHET_MEASURE=1 to measure."
        );
        await MeasureAsync(
            kind,
            Rounds * 3 / 10,
            async (store, id) =>
            {
                using InMemoryKeyStore client = new(ChannelRole.Client);
                client.Add(TestKeys.Shared(id, generation: 9));
                await using SocketPair pair = await SocketPair.CreateAsync();
                Task connecting = SecureChannel
                    .ConnectAsync(pair.Client, new() { ClientId = id, Keys = client })
                    .AsTask();
                await Task.Delay(1); // the hello is there before the server looks
                long started = Stopwatch.GetTimestamp();
                await Assert.ThrowsAsync<SecureChannelException>(async () =>
                    await SecureChannel.AcceptAsync(pair.Server, new() { Keys = store })
                );
                TimeSpan taken = Stopwatch.GetElapsedTime(started);
                await Assert.ThrowsAsync<SecureChannelException>(() => connecting);
                return taken;
            }
        );
    }

    private async Task MeasureAsync(string kind, int rounds, Func<IKeyDirectory, string, Task<TimeSpan>> measure)
    {
        await using StoreFolder folder = new();
        using KeyRing ring = new();
        IKeyDirectory store =
            kind == "memory"
                ? new InMemoryKeyStore(ChannelRole.Server)
                : folder.Open(
                    options: new SqliteKeyStoreOptions
                    {
                        Wrapper = kind == "plain" ? PlaintextKeyWrapper.Instance : ring.Open(),
                    }
                );
        foreach (string name in (string[])["known 1", "rotate1", "revoked"])
            await store.AddAsync(TestKeys.Shared(name));
        await store.RotateAsync(TestKeys.Shared("rotate1", 1));
        await store.RevokeAsync("revoked");

        string[] names = ["unknown", "known 1", "rotate1", "revoked"];
        double[][] times = [.. names.Select(_ => new double[rounds])];
        Random random = new(7);
        for (int round = -rounds / 10; round < rounds; round++)
        {
            int[] order = [0, 1, 2, 3];
            random.Shuffle(order);
            foreach (int i in order)
            {
                TimeSpan taken = await measure(store, names[i]);
                if (round >= 0)
                    times[i][round] = taken.TotalMicroseconds;
            }
        }

        for (int i = 0; i < names.Length; i++)
            output.WriteLine(
                $"{kind}: {names[i]} median {Median(times[i]):0.00} us, z to unknown {Z(times[i], times[0]):0.0}"
            );
    }

    private static double Median(double[] values) => values.Order().ElementAt(values.Length / 2);

    // The rank sum of Mann and Whitney, which a few slow lookups do not spoil.
    private static double Z(double[] one, double[] other)
    {
        (double Value, bool IsOne)[] all =
        [
            .. one.Select(value => (value, true))
                .Concat(other.Select(value => (value, false)))
                .OrderBy(entry => entry.Item1),
        ];
        double ranks = 0;
        for (int start = 0; start < all.Length; )
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
