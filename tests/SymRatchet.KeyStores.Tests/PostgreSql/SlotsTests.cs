using Microsoft.Extensions.Time.Testing;
using SymRatchet.KeyStores.PostgreSql;

namespace SymRatchet.KeyStores.Tests.PostgreSql;

/// <summary>Who is given a connection of the pool, and that none is lost.</summary>
public sealed class SlotsTests
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    // Of the real clock: a wait that the code under test forgot is a failure, not a run that never ends.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task Those_who_wait_are_served_in_their_order()
    {
        Slots slots = new(1, _time);
        Task<bool>[] calls = [.. Enumerable.Range(0, 4).Select(_ => WaitAsync(slots))];
        for (int i = 0; i < calls.Length; i++)
        {
            Assert.True(await calls[i].WaitAsync(Limit));
            Assert.DoesNotContain(calls[(i + 1)..], call => call.IsCompleted);
            slots.Release();
        }
    }

    [Fact]
    public async Task In_a_jam_who_came_last_is_served_and_the_oldest_fail()
    {
        Slots slots = new(1, _time);
        Assert.True(await WaitAsync(slots).WaitAsync(Limit));
        Task<bool>[] old = [.. Enumerable.Range(0, 3).Select(_ => WaitAsync(slots))];
        _time.Advance(Timeout * 0.6);
        Task<bool>[] late = [.. Enumerable.Range(0, 2).Select(_ => WaitAsync(slots))];
        slots.Release();
        Assert.True(await late[1].WaitAsync(Limit));
        slots.Release();
        Assert.True(await late[0].WaitAsync(Limit));
        Assert.DoesNotContain(old, call => call.IsCompleted);
        _time.Advance(Timeout * 0.5);
        Assert.All(await Task.WhenAll(old).WaitAsync(Limit), Assert.False);

        // What is left of the jam is nothing: order again.
        Task<bool>[] next = [.. Enumerable.Range(0, 2).Select(_ => WaitAsync(slots))];
        slots.Release();
        Assert.True(await next[0].WaitAsync(Limit));
        Assert.False(next[1].IsCompleted);
    }

    [Fact]
    public async Task A_wait_that_is_cancelled_ends_and_takes_no_slot()
    {
        Slots slots = new(1, _time);
        Assert.True(await WaitAsync(slots).WaitAsync(Limit));
        using CancellationTokenSource ending = new();
        Task<bool> cancelled = slots.WaitAsync(Timeout, ending.Token).AsTask();
        Task<bool> next = WaitAsync(slots);
        await ending.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled.WaitAsync(Limit));
        slots.Release();
        Assert.True(await next.WaitAsync(Limit));
    }

    [Fact]
    public async Task Who_has_cancelled_before_takes_no_free_slot()
    {
        Slots slots = new(1, _time);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            slots.WaitAsync(Timeout, new CancellationToken(canceled: true)).AsTask().WaitAsync(Limit)
        );
        Assert.True(await WaitAsync(slots).WaitAsync(Limit));
    }

    [Fact]
    public async Task No_slot_is_lost_or_doubled_however_waits_end()
    {
        const int count = 3;
        for (int seed = 0; seed < 200; seed++)
        {
            Random random = new(seed);
            Slots slots = new(count, _time);
            int held = 0;
            int most = 0;
            await Task.WhenAll(
                    Enumerable
                        .Range(0, 24)
                        .Select(async _ =>
                        {
                            using CancellationTokenSource ending = new();
                            int steps = random.Next(4);
                            bool isCancelled = random.Next(3) == 0;
                            Task<bool> wait = slots.WaitAsync(Timeout, ending.Token).AsTask();
                            await Task.Yield();
                            if (isCancelled)
                                await ending.CancelAsync();
                            try
                            {
                                if (!await wait)
                                    return;
                            }
                            catch (OperationCanceledException)
                            {
                                return;
                            }

                            int now = Interlocked.Increment(ref held);
                            InterlockedMax(ref most, now);
                            for (int step = 0; step < steps; step++)
                                await Task.Yield();
                            Interlocked.Decrement(ref held);
                            slots.Release();
                        })
                )
                .WaitAsync(Limit);
            Assert.InRange(most, 1, count);
            Task<bool>[] all = [.. Enumerable.Range(0, count + 1).Select(_ => WaitAsync(slots))];
            Assert.Equal([true, true, true, false], all.Select(wait => wait.IsCompleted));
        }
    }

    private static Task<bool> WaitAsync(Slots slots) => slots.WaitAsync(Timeout, CancellationToken.None).AsTask();

    private static void InterlockedMax(ref int most, int now)
    {
        int seen;
        while (now > (seen = Volatile.Read(ref most)))
            Interlocked.CompareExchange(ref most, now, seen);
    }
}
