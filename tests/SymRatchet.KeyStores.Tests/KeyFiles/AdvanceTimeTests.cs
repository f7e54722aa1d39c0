using SymRatchet.KeyStores.Sqlite;
using SymRatchet.KeyStores.Tests.Contract;
using Xunit.Abstractions;

namespace SymRatchet.KeyStores.Tests.KeyFiles;

/// <summary>What an advance takes on this machine's disk; with SYMRATCHET_MEASURE=1.</summary>
public sealed class AdvanceTimeTests(ITestOutputHelper output)
{
    private const string Name = "device 1";
    private const int Advances = 500;

    [SkippableFact]
    public async Task An_advance_of_a_key_file_beside_one_of_sqlite()
    {
        Skip.If(Environment.GetEnvironmentVariable("SYMRATCHET_MEASURE") is null, "Set SYMRATCHET_MEASURE=1.");
        await using KeyFileFolder folder = new();
        KeyFile file = await folder.OpenAsync();
        await using SqliteKeyStore sqlite = SqliteKeyStore.Open(folder.PathOf("client.keys"), ChannelRole.Client);
        await file.AddAsync(TestKeys.Shared(Name));
        await sqlite.AddAsync(TestKeys.Shared(Name));
        List<TimeSpan> fileTimes = [];
        List<TimeSpan> sqliteTimes = [];
        for (long epoch = 1; epoch <= Advances; epoch++)
        {
            fileTimes.Add(await MeasureAsync(file, epoch));
            sqliteTimes.Add(await MeasureAsync(sqlite, epoch));
        }

        output.WriteLine($"key file {Describe(fileTimes)}, SQLite {Describe(sqliteTimes)}, {Advances} advances each");
    }

    private static async Task<TimeSpan> MeasureAsync(IKeyStore store, long epoch)
    {
        long serial = await store.SerialAsync(Name);
        byte[] root = TestKeys.Root(Name, epoch);
        long started = TimeProvider.System.GetTimestamp();
        await store.AdvanceAsync(Name, serial, epoch, root);
        return TimeProvider.System.GetElapsedTime(started);
    }

    private static string Describe(List<TimeSpan> times)
    {
        times.Sort();
        TimeSpan median = times[times.Count / 2];
        TimeSpan late = times[times.Count * 95 / 100];
        return $"median {median.TotalMilliseconds:0.00} ms, 95% {late.TotalMilliseconds:0.00} ms";
    }
}
