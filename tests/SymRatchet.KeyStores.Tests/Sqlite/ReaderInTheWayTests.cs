using System.Diagnostics;
using SymRatchet.KeyStores.Sqlite;
using SymRatchet.KeyStores.Tests.Contract;
using SymRatchet.TestKit;

namespace SymRatchet.KeyStores.Tests.Sqlite;

/// <summary>
/// Another program reads the store for long, so that what was replaced cannot be overwritten meanwhile.
/// </summary>
public sealed class ReaderInTheWayTests : IAsyncLifetime
{
    private const string Name = "device 1";

    private readonly StoreFolder _folder = new();
    private readonly SteppedClock _clock = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _folder.DisposeAsync();

    [Fact]
    public async Task What_is_committed_is_reported_and_old_keys_go_when_the_reader_does()
    {
        SqliteKeyStore store = Open();
        await store.AddAsync(TestKeys.Shared(Name));
        await store.AdvanceAsync(Name, 1);
        using OutsideConnection reader = new(_folder.FileOf(ChannelRole.Server));
        reader.BeginReading();
        await store.AddAsync(TestKeys.Shared("device 2"));
        long started = Stopwatch.GetTimestamp();
        for (long epoch = 2; epoch <= 20; epoch++)
            await store.AdvanceAsync(Name, epoch);
        Assert.True(
            Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(15),
            "the reader is waited for once, not by every change"
        );
        Assert.True(await store.RevokeAsync("device 2"));
        Assert.Equal(20, await store.EpochAsync(Name));
        byte[][] old = [.. Enumerable.Range(1, 19).Select(epoch => TestKeys.Root(Name, epoch))];
        Assert.NotEmpty(KeySearch.Find(_folder.AllBytes(), old));

        // A store that is opened meanwhile serves too.
        await using (
            SqliteKeyStore second = SqliteKeyStore.Open(
                _folder.FileOf(ChannelRole.Server),
                ChannelRole.Server,
                Options()
            )
        )
            await second.AdvanceAsync(Name, 21);

        reader.End();
        for (int look = 0; look < 600 && KeySearch.Find(_folder.AllBytes(), old).Count > 0; look++)
            await Task.Delay(50);
        Assert.Empty(KeySearch.Find(_folder.AllBytes(), old));
    }

    [Fact]
    public async Task After_the_limit_no_key_moves_until_the_old_ones_are_gone_but_keys_are_revoked()
    {
        SqliteKeyStore store = Open();
        await store.AddAsync(TestKeys.Shared(Name));
        await store.AddAsync(TestKeys.Shared("device 2"));
        await store.AdvanceAsync(Name, 1);
        using OutsideConnection reader = new(_folder.FileOf(ChannelRole.Server));
        reader.BeginReading();
        await store.AdvanceAsync(Name, 2);
        _clock.Passed += TimeSpan.FromMinutes(9);
        await store.AdvanceAsync(Name, 3);
        await ((IKeyStoreProbe)(object)store).ProbeAsync();
        _clock.Passed += TimeSpan.FromMinutes(2);
        var error = await Assert.ThrowsAsync<KeyStoreException>(() => store.AdvanceAsync(Name, 4));
        Assert.Contains("cannot be cleaned", error.Message, StringComparison.Ordinal);
        Assert.False(error.IsOutcomeUnknown);
        await Assert.ThrowsAsync<KeyStoreException>(async () => await ((IKeyStoreProbe)(object)store).ProbeAsync());
        Assert.True(await store.RevokeAsync("device 2"));
        Assert.Equal(3, await store.EpochAsync(Name));
        reader.End();
        await store.AdvanceAsync(Name, 4);
        await ((IKeyStoreProbe)(object)store).ProbeAsync();
        Assert.Empty(
            KeySearch.Find(_folder.AllBytes(), [.. Enumerable.Range(1, 3).Select(epoch => TestKeys.Root(Name, epoch))])
        );
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_log_that_throws_fails_no_change_that_is_committed(bool whenAsked)
    {
        ThrowingLoggerFactory log = new() { Throws = true, ThrowsWhenAsked = whenAsked };
        SqliteKeyStoreOptions options = Options();
        options.LoggerFactory = log;
        SqliteKeyStore store = _folder.Open(options: options);
        await store.AddAsync(TestKeys.Shared(Name));
        using OutsideConnection reader = new(_folder.FileOf(ChannelRole.Server));
        reader.BeginReading();
        await store.AdvanceAsync(Name, 1); // tells that old keys cannot be erased
        Assert.Equal(1, await store.EpochAsync(Name));
        reader.End();
        await store.AdvanceAsync(Name, 2); // tells that they are
        Assert.Equal(2, await store.EpochAsync(Name));
        Assert.Empty(KeySearch.Find(_folder.AllBytes(), [TestKeys.Root(Name, 1)]));
    }

    private SqliteKeyStore Open() => _folder.Open(options: Options());

    private SqliteKeyStoreOptions Options() => new() { BusyTimeout = TimeSpan.FromSeconds(2), TimeProvider = _clock };
}
