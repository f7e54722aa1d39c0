using System.Diagnostics;
using System.Security.Cryptography;
using SymRatchet.KeyStores.Tests.Contract;

namespace SymRatchet.KeyStores.Tests.Wrapping;

/// <summary>
/// What every store that takes a wrapper does, whatever the wrapper does. A class for each kind of store runs all of
/// it.
/// </summary>
public abstract class WrapperContract
{
    private const string Name = "device 1";
    private const string Other = "device 2";

    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan ShortLimit = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongLimit = TimeSpan.FromSeconds(20);

    private protected TroubledWrapper Wrapper { get; } = new();

    /// <summary>Opens the store of this test with <see cref="Wrapper"/> or another.</summary>
    private protected abstract ValueTask<IKeyDirectory> OpenAsync(TimeSpan limit, IKeyWrapper? wrapper = null);

    public static TheoryData<Exception> Failures =>
        [
            new CryptographicException("The wrapping key is gone."),
            new HttpRequestException("Name or service not known"),
            new TaskCanceledException("The request was cancelled."),
            new InvalidOperationException("It is in no state to do it."),
            new IOException("A pipe is broken."),
        ];

    [SkippableTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_wrapper_that_hangs_fails_its_own_calls_in_time_and_holds_up_no_other(bool blocks)
    {
        IKeyDirectory store = await OpenAsync(LongLimit);
        await store.AddAsync(TestKeys.Shared(Name));
        await store.AddAsync(TestKeys.Shared(Other));
        long serial = await store.SerialAsync(Name);
        using ManualResetEventSlim gate = new();
        TaskCompletionSource opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
        if (blocks)
            Wrapper.OnThread = _ => gate.Wait();
        else
            Wrapper.Before = _ => opened.Task;
        IKeyDirectory hung = await OpenAsync(ShortLimit);
        try
        {
            await FailsInTimeAsync(async () => await hung.FindAsync(Name));
            await FailsInTimeAsync(async () => await hung.FindAsync("unknown"));
            await FailsInTimeAsync(async () => await hung.AdvanceAsync(Name, serial, 1, TestKeys.Root(Name, 1)));
            await FailsInTimeAsync(async () => await hung.AddAsync(TestKeys.Shared("device 3")));
            await FailsInTimeAsync(async () => await hung.RotateAsync(TestKeys.Shared(Name, 1)));
            await FailsInTimeAsync(async () => await RewrapAsync(hung, Wrapper));
            await FailsInTimeAsync(async () => await ((IKeyStoreProbe)hung).ProbeAsync());

            long started = Stopwatch.GetTimestamp();
            Assert.True(await hung.RevokeAsync(Other));
            Assert.NotNull((await hung.DescribeAsync(Other))!.Revoked);
            Assert.InRange(Stopwatch.GetElapsedTime(started), TimeSpan.Zero, TimeSpan.FromSeconds(2));
        }
        finally
        {
            Wrapper.OnThread = static _ => { };
            Wrapper.Before = static _ => Task.CompletedTask;
            gate.Set();
            opened.SetResult();
        }

        // What was said not to have happened does not happen later.
        await Task.Delay(300);
        Assert.Equal(0, await store.EpochAsync(Name));
        Assert.True(await store.HoldsAsync(Name, TestKeys.Shared(Name), ChannelRole.Server));
        Assert.False((await store.DescribeAsync(Name))!.IsRotating);
        Assert.Null(await store.DescribeAsync("device 3"));
        await store.AdvanceAsync(Name, 1);
        Assert.Equal(1, await store.EpochAsync(Name));
    }

    [SkippableFact]
    public async Task A_wrapper_that_blocks_takes_a_few_threads_only()
    {
        IKeyDirectory store = await OpenAsync(LongLimit);
        await store.AddAsync(TestKeys.Shared(Name));
        long serial = await store.SerialAsync(Name);
        IKeyDirectory hung = await OpenAsync(ShortLimit);
        int blocked = 0;
        using ManualResetEventSlim gate = new();
        Wrapper.OnThread = _ =>
        {
            Interlocked.Increment(ref blocked);
            gate.Wait();
        };
        try
        {
            await Task.WhenAll(
                Enumerable
                    .Range(1, 100)
                    .Select(epoch =>
                        Assert.ThrowsAsync<KeyStoreException>(async () =>
                            await hung.AdvanceAsync(Name, serial, epoch, TestKeys.Root(Name, epoch))
                        )
                    )
            );
            Assert.InRange(blocked, 1, Math.Max(8, Environment.ProcessorCount));
        }
        finally
        {
            Wrapper.OnThread = static _ => { };
            gate.Set();
        }

        await store.AdvanceAsync(Name, 200);
        Assert.Equal(200, await store.EpochAsync(Name));
    }

    [SkippableFact]
    public async Task A_wrapper_that_answers_later_is_asked_for_all_keys_of_a_lookup_at_once()
    {
        Wrapper.Before = async _ =>
        {
            await Task.Yield();
            await Task.Delay(20);
        };
        IKeyDirectory store = await OpenAsync(LongLimit);
        await LiveAsync(store);
        Assert.InRange(Wrapper.MostAtOnce, 4, int.MaxValue);
    }

    [SkippableTheory]
    [MemberData(nameof(Failures))]
    public async Task Whatever_a_wrapper_throws_is_an_error_of_the_store_that_names_the_client(Exception failure)
    {
        IKeyDirectory store = await OpenAsync(LongLimit);
        await store.AddAsync(TestKeys.Shared(Name));
        long serial = await store.SerialAsync(Name);
        Wrapper.Before = async _ =>
        {
            await Task.Yield();
            throw failure;
        };
        Func<Task>[] calls =
        [
            async () => await store.FindAsync(Name),
            async () => await store.AdvanceAsync(Name, serial, 1, TestKeys.Root(Name, 1)),
            async () => await store.RotateAsync(TestKeys.Shared(Name, 1)),
            async () => await RewrapAsync(store, Wrapper),
        ];
        foreach (Func<Task> call in calls)
        {
            var error = await Assert.ThrowsAsync<KeyStoreException>(call);
            Assert.Contains(Name, error.Message, StringComparison.Ordinal);
            Assert.False(error.IsOutcomeUnknown);
        }

        // As for an id that the store knows: who asks in an outage learns nothing from it.
        var unknown = await Assert.ThrowsAsync<KeyStoreException>(async () => await store.FindAsync("unknown"));
        Assert.Contains("unknown", unknown.Message, StringComparison.Ordinal);

        Assert.All(Wrapper.Handed, memory => Assert.False(memory.Span.ContainsAnyExcept((byte)0)));
        Wrapper.Before = static _ => Task.CompletedTask;
        Assert.Equal(0, await store.EpochAsync(Name));
        Assert.Null(await store.FindAsync("unknown"));
    }

    [SkippableTheory]
    [InlineData(4097)]
    [InlineData(0)]
    [InlineData(null)]
    public async Task A_wrapper_that_makes_too_much_or_nothing_of_a_key_is_an_error_and_nothing_is_written(int? length)
    {
        IKeyDirectory store = await OpenAsync(LongLimit);
        await store.AddAsync(TestKeys.Shared(Name));
        long serial = await store.SerialAsync(Name);
        Wrapper.Giving = wrapped => length is { } given ? [.. wrapped.Concat(new byte[4097]).Take(given)] : null;
        await FailsInTimeAsync(async () => await store.AdvanceAsync(Name, serial, 1, TestKeys.Root(Name, 1)));
        await FailsInTimeAsync(async () => await store.AddAsync(TestKeys.Shared(Other)));
        await FailsInTimeAsync(async () => await store.RotateAsync(TestKeys.Shared(Name, 1)));
        Assert.Equal(0, await store.EpochAsync(Name));
        Assert.Null(await store.DescribeAsync(Other));
        Assert.False((await store.DescribeAsync(Name))!.IsRotating);
    }

    [SkippableFact]
    public async Task A_wrapper_may_make_another_length_of_each_key()
    {
        int calls = 0;
        Wrapper.Giving = wrapped => [.. wrapped, .. new byte[Interlocked.Increment(ref calls) * 397 % 4000]];
        await LiveAsync(await OpenAsync(LongLimit));
    }

    [SkippableFact]
    public async Task A_wrapper_may_give_back_the_memory_that_it_was_handed()
    {
        Wrapper.GivesBackWhatItWasHanded = true;
        await LiveAsync(await OpenAsync(LongLimit));
    }

    [SkippableFact]
    public async Task The_memory_of_a_wrapper_that_hangs_is_the_keys_until_it_has_ended_and_then_erased()
    {
        IKeyDirectory store = await OpenAsync(LongLimit);
        await store.AddAsync(TestKeys.Shared(Name));
        long serial = await store.SerialAsync(Name);
        TaskCompletionSource opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource arrived = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Wrapper.Before = _ =>
        {
            arrived.TrySetResult();
            return opened.Task;
        };
        Wrapper.Handed.Clear();
        byte[] key = TestKeys.Root(Name, 1);
        using CancellationTokenSource cancelling = new();
        Task advancing = store.AdvanceAsync(Name, serial, 1, key, cancelling.Token).AsTask();
        await arrived.Task.WaitAsync(Timeout);
        await cancelling.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => advancing.WaitAsync(Timeout));
        CryptographicOperations.ZeroMemory(key);
        ReadOnlyMemory<byte> handed = Assert.Single(Wrapper.Handed);
        Assert.Equal(TestKeys.Root(Name, 1), handed.ToArray());

        Wrapper.Before = static _ => Task.CompletedTask;
        opened.SetResult();
        long started = Stopwatch.GetTimestamp();
        while (handed.Span.ContainsAnyExcept((byte)0))
        {
            Assert.InRange(Stopwatch.GetElapsedTime(started), TimeSpan.Zero, Timeout);
            await Task.Delay(10);
        }

        Assert.Equal(0, await store.EpochAsync(Name));
    }

    [SkippableFact]
    public async Task A_key_of_zeros_is_not_stored()
    {
        IKeyDirectory store = await OpenAsync(LongLimit);
        await store.AddAsync(TestKeys.Shared(Name));
        long serial = await store.SerialAsync(Name);
        await FailsInTimeAsync(async () => await store.AdvanceAsync(Name, serial, 1, new byte[32]));
        Assert.Equal(0, await store.EpochAsync(Name));
        IKeyDirectory plain = await OpenAsync(LongLimit, PlaintextKeyWrapper.Instance);
        await FailsInTimeAsync(async () => await plain.AdvanceAsync(Name, serial, 1, new byte[32]));
        Assert.Equal(0, await store.EpochAsync(Name));
    }

    [SkippableFact]
    public async Task A_key_that_moves_on_while_it_is_wrapped_again_is_not_set_back()
    {
        IKeyDirectory store = await OpenAsync(LongLimit);
        await store.AddAsync(TestKeys.Shared(Name));
        long serial = await store.SerialAsync(Name);
        int moves = 0;
        During(Name, 1, async () => await store.AdvanceAsync(Name, serial, ++moves, TestKeys.Root(Name, moves)));
        Assert.Equal(1, await RewrapAsync(store, Wrapper));
        using StoredKey? found = await store.FindAsync(Name);
        Assert.Equal((1, 1L), (moves, found!.Epoch));
        Assert.Equal(TestKeys.Root(Name, 1), found.EpochKey);
    }

    [SkippableFact]
    public async Task A_rewrap_names_the_client_whose_key_moves_on_faster_than_it_is_wrapped_and_wraps_the_others()
    {
        IKeyDirectory store = await OpenAsync(LongLimit);
        await store.AddAsync(TestKeys.Shared(Name));
        await store.AddAsync(TestKeys.Shared(Other));
        long serial = await store.SerialAsync(Name);
        int moves = 0;
        During(Name, 1000, async () => await store.AdvanceAsync(Name, serial, ++moves, TestKeys.Root(Name, moves)));
        var error = await Assert.ThrowsAsync<KeyStoreException>(async () => await RewrapAsync(store, Wrapper));
        Assert.Contains($"The key of {Name} moved on faster", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Other, error.Message, StringComparison.Ordinal);
        Wrapper.Before = static _ => Task.CompletedTask;
        using StoredKey? found = await store.FindAsync(Name);
        Assert.Equal((long)moves, found!.Epoch);
        Assert.Equal(TestKeys.Root(Name, moves), found.EpochKey);
    }

    [SkippableFact]
    public async Task A_rewrap_names_the_client_whose_key_cannot_be_wrapped_and_wraps_the_others()
    {
        IKeyDirectory store = await OpenAsync(LongLimit);
        await store.AddAsync(TestKeys.Shared(Name));
        await store.AddAsync(TestKeys.Shared(Other));
        int made = 0;
        Wrapper.Giving = wrapped => Interlocked.Increment(ref made) <= 2 ? [] : wrapped; // two keys of one client
        var error = await Assert.ThrowsAsync<KeyStoreException>(async () => await RewrapAsync(store, Wrapper));
        Assert.StartsWith("1 identities", error.Message, StringComparison.Ordinal);
        Assert.Contains(Name, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Other, error.Message, StringComparison.Ordinal);
        Assert.Equal(4, made);
    }

    [SkippableFact]
    public async Task A_rewrap_that_another_has_overtaken_does_not_bring_an_older_wrapping_back()
    {
        VersionedWrapper ring = new();
        IKeyDirectory store = await OpenAsync(LongLimit, ring);
        await store.AddAsync(TestKeys.Shared(Name));
        ring.Newest = 2;
        ring.HoldsNext = true;
        Task<int> slow = ((IKeyStoreMaintenance)store).RewrapAsync().AsTask();
        await ring.Held.Task.WaitAsync(Timeout); // its keys are wrapped under 2, and not written yet

        ring.Newest = 3;
        Assert.Equal(1, await ((IKeyStoreMaintenance)store).RewrapAsync());
        ring.Oldest = 3; // so the old ones are destroyed
        ring.Released.SetResult();
        Assert.Equal(0, await slow.WaitAsync(Timeout));
        Assert.True(await store.HoldsAsync(Name, TestKeys.Shared(Name), ChannelRole.Server));
    }

    [SkippableFact]
    public async Task An_identity_that_is_revoked_while_it_is_wrapped_again_stays_revoked()
    {
        IKeyDirectory store = await OpenAsync(LongLimit);
        await store.AddAsync(TestKeys.Shared(Name));
        During(Name, 1, async () => Assert.True(await store.RevokeAsync(Name)));
        Assert.Equal(0, await RewrapAsync(store, Wrapper));
        Assert.Null(await store.FindAsync(Name));
        Assert.NotNull((await store.DescribeAsync(Name))!.Revoked);
    }

    [SkippableFact]
    public async Task A_rotation_is_compared_again_with_keys_that_came_meanwhile()
    {
        IKeyDirectory store = await OpenAsync(LongLimit);
        await store.AddAsync(TestKeys.Shared(Name));
        During(
            Name,
            1,
            async () =>
            {
                // The same key comes by another way, and its client uses it.
                await store.RotateAsync(TestKeys.Shared(Name, 1));
                using StoredKey? found = await store.FindAsync(Name);
                await store.AdvanceAsync(Name, found!.Successor!.Serial, 1, TestKeys.Root(Name, 1));
            }
        );
        await Assert.ThrowsAsync<ArgumentException>(async () => await store.RotateAsync(TestKeys.Shared(Name, 1)));
        Assert.False((await store.DescribeAsync(Name))!.IsRotating);
        Assert.Equal(1, await store.EpochAsync(Name));
    }

    /// <summary>
    /// Has something happen while the root key of an identity is wrapped or opened; not within itself.
    /// </summary>
    private void During(string name, int times, Func<Task> happening)
    {
        int left = times;
        AsyncLocal<bool> isWithin = new();
        Wrapper.Before = async place =>
        {
            if (place.Id != name || place.Epoch is null || isWithin.Value || Interlocked.Decrement(ref left) < 0)
                return;
            isWithin.Value = true;
            await happening();
        };
    }

    private static ValueTask<int> RewrapAsync(IKeyDirectory store, IKeyWrapper previous) =>
        ((IKeyStoreMaintenance)store).RewrapAsync(previous);

    private static async Task LiveAsync(IKeyDirectory store)
    {
        await store.AddAsync(TestKeys.Shared(Name));
        await store.AdvanceAsync(Name, 1);
        await store.RotateAsync(TestKeys.Shared(Name, 1));
        using (StoredKey? found = await store.FindAsync(Name))
        {
            Assert.Equal(TestKeys.Root(Name, 1), found!.EpochKey);
            await store.AdvanceAsync(Name, found.Successor!.Serial, 1, TestKeys.Root(Name, 2));
        }

        using StoredKey? rotated = await store.FindAsync(Name);
        Assert.Equal(TestKeys.Root(Name, 2), rotated!.EpochKey);
        Assert.True(await store.HoldsAsync(Name, TestKeys.Shared(Name, 1), ChannelRole.Server));
        Assert.Null(await store.FindAsync("unknown"));
        await ((IKeyStoreProbe)store).ProbeAsync();
    }

    private static async Task FailsInTimeAsync(Func<Task> call)
    {
        long started = Stopwatch.GetTimestamp();
        var error = await Assert.ThrowsAsync<KeyStoreException>(() => Task.Run(call).WaitAsync(Timeout));
        Assert.InRange(Stopwatch.GetElapsedTime(started), TimeSpan.Zero, (2 * ShortLimit) + Slack);
        Assert.False(error.IsOutcomeUnknown);
    }
}
