using System.Diagnostics;
using System.Globalization;

namespace SymRatchet.Benchmarks;

/// <summary>
/// The command <c>store-growth</c>: the benchmarks of growth, for all sizes in turns, so that whatever else the machine
/// does hits all of them alike. Times are medians; ratios are medians of those within a turn.
/// </summary>
internal static class StoreGrowth
{
    private const int Turns = 25;

    private static readonly int[] Sizes = [1_000, 100_000, 1_000_000];
    private static readonly TimeSpan TurnTime = TimeSpan.FromMilliseconds(20);

    internal static async Task<int> RunAsync()
    {
        foreach (string store in GrowthBenchmarks.Stores)
        {
            GrowthBenchmarks[] calls = [.. Sizes.Select(size => new GrowthBenchmarks { Store = store, Size = size })];
            foreach (GrowthBenchmarks one in calls)
                await one.SetupAsync();
            await MeasureAsync(store, "find", size => RepeatAsync(calls[size].Find));
            await MeasureAsync(store, "advance", size => RepeatAsync(calls[size].Advance));
            await MeasureAsync(store, "list a page", size => RepeatAsync(calls[size].ListPage));
            foreach (GrowthBenchmarks one in calls)
                await one.CleanupAsync();
        }

        foreach (string store in GrowthStartBenchmarks.Stores)
        {
            GrowthStartBenchmarks[] starts =
            [
                .. Sizes.Select(size => new GrowthStartBenchmarks { Store = store, Size = size }),
            ];
            foreach (GrowthStartBenchmarks one in starts)
                await one.SetupAsync();
            await MeasureAsync(store, "open", size => RepeatAsync(starts[size].Open));
            await MeasureAsync(store, "start the watch", size => StartWatchAsync(starts[size]));
            foreach (GrowthStartBenchmarks one in starts)
                await one.CleanupAsync();
        }

        return 0;
    }

    private static async Task MeasureAsync(string store, string what, Func<int, Task<double>> measure)
    {
        List<double[]> turns = [];
        for (int turn = -2; turn < Turns; turn++)
        {
            double[] times = new double[Sizes.Length];
            for (int size = 0; size < Sizes.Length; size++)
                times[size] = await measure(size);
            if (turn >= 0)
                turns.Add(times);
        }

        IEnumerable<string> shown = Sizes.Select(
            (identities, size) =>
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{identities} identities {Median(turns, times => times[size]):N1} us "
                        + $"({Median(turns, times => times[size] / times[0]):F2})"
                )
        );
        Console.WriteLine($"{store}, {what}: {string.Join(", ", shown)}");
    }

    // Microseconds for each call.
    private static async Task<double> RepeatAsync(Func<Task> call)
    {
        long started = Stopwatch.GetTimestamp();
        int calls = 0;
        do
        {
            await call();
            calls++;
        } while (Stopwatch.GetElapsedTime(started) < TurnTime);
        return Stopwatch.GetElapsedTime(started).TotalMicroseconds / calls;
    }

    private static async Task<double> StartWatchAsync(GrowthStartBenchmarks start)
    {
        start.OpenAndRevoke();
        try
        {
            long started = Stopwatch.GetTimestamp();
            await start.StartWatch();
            return Stopwatch.GetElapsedTime(started).TotalMicroseconds;
        }
        finally
        {
            start.Close();
        }
    }

    private static double Median(List<double[]> turns, Func<double[], double> of) =>
        turns.Select(of).Order().ElementAt(turns.Count / 2);
}
