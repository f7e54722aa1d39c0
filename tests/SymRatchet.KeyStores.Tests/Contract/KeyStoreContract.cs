using System.Text;
using SymRatchet.TestKit;

namespace SymRatchet.KeyStores.Tests.Contract;

/// <summary>What every store does, whatever it is made of. A class for each kind of store runs all of it.</summary>
public abstract class KeyStoreContract
{
    private const string Name = "device 1";

    /// <summary>Whether a store of this kind has room for more than one identity.</summary>
    private protected virtual bool HoldsSeveral => true;

    /// <summary>
    /// Opens the store of this test: each call gives an object of its own where the kind of store allows several on one
    /// set of keys.
    /// </summary>
    private protected abstract ValueTask<IKeyDirectory> OpenAsync(ChannelRole role = ChannelRole.Server);

    [SkippableFact]
    public async Task What_was_added_is_found_as_it_was()
    {
        IKeyDirectory store = await OpenAsync();
        using PreSharedKey shared = TestKeys.Shared(Name);
        await store.AddAsync(shared);
        using StoredKey expected = shared.ImportFor(ChannelRole.Server);
        using StoredKey? found = await store.FindAsync(Name);
        Assert.Equal(
            (
                expected.Protocol,
                expected.Role,
                expected.Evolution,
                0L,
                Convert.ToHexString(expected.IdentityKey),
                Convert.ToHexString(expected.EpochKey)
            ),
            (
                found!.Protocol,
                found.Role,
                found.Evolution,
                found.Epoch,
                Convert.ToHexString(found.IdentityKey),
                Convert.ToHexString(found.EpochKey)
            )
        );
        Assert.Null(found.Successor);
        Assert.Null(await store.FindAsync("device 2"));
        Assert.Null(await store.DescribeAsync("device 2"));
    }

    [SkippableFact]
    public async Task A_seed_key_is_kept_like_any_other()
    {
        IKeyDirectory store = await OpenAsync();
        await store.AddAsync(PreSharedKey.ForSeed(7, "client7_master_k"u8));
        using StoredKey? found = await store.FindAsync("7");
        Assert.Equal("client7_master_k", Encoding.ASCII.GetString(found!.EpochKey));
        Assert.Equal(ChannelProtocol.Seed, found.Protocol);
        await store.RotateAsync(PreSharedKey.ForSeed(7, "client7_master_l"u8));
        using StoredKey? rotated = await store.FindAsync("7");
        Assert.Equal("client7_master_l", Encoding.ASCII.GetString(rotated!.EpochKey));
    }

    [SkippableFact]
    public async Task A_key_is_added_at_whatever_epoch_it_is()
    {
        IKeyDirectory store = await OpenAsync();
        byte[] identity = TestKeys.Root(Name, -1);
        using StoredKey moved = new(
            ChannelProtocol.V1,
            ChannelRole.Server,
            Name,
            KeyEvolution.Forward,
            identity,
            1_000_000,
            TestKeys.Root(Name, 1_000_000)
        );
        await store.AddAsync(moved);
        using StoredKey? found = await store.FindAsync(Name);
        Assert.Equal(
            (1_000_000, Convert.ToHexString(identity)),
            (found!.Epoch, Convert.ToHexString(found.IdentityKey))
        );
    }

    [SkippableFact]
    public async Task What_does_not_fit_is_refused_and_changes_nothing()
    {
        IKeyDirectory store = await OpenAsync();
        await store.AddAsync(TestKeys.Shared(Name));
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await store.AddAsync(TestKeys.Shared(Name, 1)));
        using StoredKey client = TestKeys.Shared("device 2").ImportFor(ChannelRole.Client);
        await Assert.ThrowsAsync<ArgumentException>(async () => await store.AddAsync(client));
        await Assert.ThrowsAsync<ArgumentException>(async () =>
            await store.RotateAsync(TestKeys.Shared(Name, 1, KeyEvolution.None))
        );
        await Assert.ThrowsAsync<KeyNotFoundException>(async () =>
            await store.RotateAsync(TestKeys.Shared("device 2"))
        );
        await Assert.ThrowsAsync<KeyNotFoundException>(async () => await store.RestrictAsync("device 2", []));
        await Assert.ThrowsAsync<ArgumentException>(async () =>
            await store.RestrictAsync(Name, [CipherSuiteId.Aegis256, CipherSuiteId.Aegis256])
        );
        Assert.False(await store.RevokeAsync("device 2"));
        Assert.True(await store.HoldsAsync(Name, TestKeys.Shared(Name), ChannelRole.Server));
        Assert.Single(await store.ListAsync(default, 10));
    }

    [SkippableFact]
    public async Task A_key_that_was_erased_is_not_taken()
    {
        IKeyDirectory store = await OpenAsync();
        byte[] some = TestKeys.Root(Name, 0),
            erased = new byte[PreSharedKey.Size];
        foreach ((byte[] identity, byte[] root) in ((byte[], byte[])[])[(erased, some), (some, erased)])
        {
            using StoredKey key = new(
                ChannelProtocol.V1,
                ChannelRole.Server,
                Name,
                KeyEvolution.Forward,
                identity,
                0,
                root
            );
            await RefusesAsync(() => store.AddAsync(key));
        }

        Assert.Null(await store.DescribeAsync(Name));
        await store.AddAsync(TestKeys.Shared(Name));
        using StoredKey next = new(ChannelProtocol.V1, ChannelRole.Server, Name, KeyEvolution.Forward, some, 0, erased);
        await RefusesAsync(() => store.RotateAsync(next));
        long serial = await store.SerialAsync(Name);
        await RefusesAsync(() => store.AdvanceAsync(Name, serial, 1, erased));

        // Whatever else is wrong with the call.
        await RefusesAsync(() => store.AdvanceAsync(Name, serial, 0, erased));
        await RefusesAsync(() => store.AdvanceAsync(Name, serial + 1, 1, erased));
        await store.AdvanceAsync(Name, 1);
        Assert.False((await store.DescribeAsync(Name))!.IsRotating);

        static async Task RefusesAsync(Func<ValueTask> call)
        {
            KeyStoreException refusal = await Assert.ThrowsAsync<KeyStoreException>(async () => await call());
            Assert.Equal($"The key of {Name} is all zeros: it was erased before it was stored.", refusal.Message);
            Assert.False(refusal.IsOutcomeUnknown);
        }
    }

    [SkippableFact]
    public async Task No_identity_is_restricted_to_what_is_not_a_suite()
    {
        IKeyDirectory store = await OpenAsync();
        await store.AddAsync(TestKeys.Shared(Name));
        foreach (
            CipherSuiteId[] suites in (CipherSuiteId[][])
                [
                    [CipherSuiteId.None],
                    [CipherSuiteId.Aes256Gcm, CipherSuiteId.None],
                    [(CipherSuiteId)99],
                ]
        )
            await Assert.ThrowsAsync<ArgumentException>(async () => await store.RestrictAsync(Name, suites));
        Assert.Empty((await store.DescribeAsync(Name))!.Suites);
    }

    [SkippableFact]
    [Requirement("R3-11")]
    public async Task Keys_move_forward_only()
    {
        IKeyDirectory store = await OpenAsync();
        await store.AddAsync(TestKeys.Shared(Name));
        foreach (long epoch in (long[])[1, 7, 7, 3, 0, 8, long.MaxValue - 1])
            await store.AdvanceAsync(Name, epoch);
        using StoredKey? found = await store.FindAsync(Name);
        Assert.Equal(long.MaxValue - 1, found!.Epoch);
        Assert.Equal(Convert.ToHexString(TestKeys.Root(Name, long.MaxValue - 1)), Convert.ToHexString(found.EpochKey));
        Assert.True(await store.HoldsAsync(Name, TestKeys.Shared(Name), ChannelRole.Server));
    }

    [SkippableFact]
    [Requirement("R3-16")]
    public async Task Only_a_key_that_is_there_can_move()
    {
        IKeyDirectory store = await OpenAsync();
        await store.AddAsync(TestKeys.Shared(Name));
        long serial = await store.SerialAsync(Name);
        await Assert.ThrowsAsync<KeyNotFoundException>(async () =>
            await store.AdvanceAsync("device 2", serial, 1, TestKeys.Root("device 2", 1))
        );
        await Assert.ThrowsAsync<KeyNotFoundException>(async () =>
            await store.AdvanceAsync(Name, serial + 1, 1, TestKeys.Root(Name, 1))
        );
        Assert.Equal(0, await store.EpochAsync(Name));
    }

    [SkippableFact]
    [Requirement("R3-12", "R3-14")]
    public async Task Of_many_advances_at_once_the_highest_stays_and_no_reader_sees_half_of_one()
    {
        IKeyDirectory store = await OpenAsync();
        IKeyDirectory other = await OpenAsync();
        await store.AddAsync(TestKeys.Shared(Name));
        await store.AdvanceAsync(Name, 1);
        long serial = await store.SerialAsync(Name);
        using CancellationTokenSource done = new();
        Task<long> reading = Task.Run(async () =>
        {
            long last = 0;
            while (!done.IsCancellationRequested)
            {
                using StoredKey? key = await other.FindAsync(Name);
                Assert.Equal(Convert.ToHexString(TestKeys.Root(Name, key!.Epoch)), Convert.ToHexString(key.EpochKey));
                Assert.True(key.Epoch >= last, $"{last}, then {key.Epoch}");
                last = key.Epoch;
            }

            return last;
        });
        long[] epochs = [.. Enumerable.Range(2, 200).Select(epoch => (long)epoch)];
        new Random(5).Shuffle(epochs);
        await Task.WhenAll(
            epochs.Select(
                (epoch, i) =>
                    Task.Run(async () =>
                        await (i % 2 == 0 ? store : other).AdvanceAsync(Name, serial, epoch, TestKeys.Root(Name, epoch))
                    )
            )
        );
        Assert.Equal(201, await store.EpochAsync(Name));
        Assert.Equal(201, await other.EpochAsync(Name));
        await done.CancelAsync();
        await reading;
    }

    [SkippableFact]
    [Requirement("R3-15", "R3-16", "R3-17")]
    public async Task A_new_key_waits_beside_the_old_one_until_it_is_used()
    {
        IKeyDirectory store = await OpenAsync();
        await store.AddAsync(TestKeys.Shared(Name), [CipherSuiteId.Aes256Gcm]);
        await store.AdvanceAsync(Name, 5);
        await store.RotateAsync(TestKeys.Shared(Name, 1));
        await store.AdvanceAsync(Name, 6);
        using StoredKey? both = await store.FindAsync(Name);
        Assert.Equal((6, 0), (both!.Epoch, both.Successor!.Epoch));
        Assert.True((await store.DescribeAsync(Name))!.IsRotating);
        using StoredKey expected = TestKeys.Shared(Name, 1).ImportFor(ChannelRole.Server);
        Assert.Equal(Convert.ToHexString(expected.EpochKey), Convert.ToHexString(both.Successor.EpochKey));

        await store.AdvanceAsync(Name, both.Successor.Serial, 1, TestKeys.Root(Name, 1));
        using StoredKey? used = await store.FindAsync(Name);
        Assert.Equal((1, both.Successor.Serial), (used!.Epoch, used.Serial));
        Assert.Null(used.Successor);
        Assert.Equal([CipherSuiteId.Aes256Gcm], used.Suites);
        Assert.True(await store.HoldsAsync(Name, TestKeys.Shared(Name, 1), ChannelRole.Server));

        // A handshake of the old key that is still in flight must not bring it back.
        await Assert.ThrowsAsync<KeyNotFoundException>(async () =>
            await store.AdvanceAsync(Name, both.Serial, 7, TestKeys.Root(Name, 7))
        );
        Assert.Equal(1, await store.EpochAsync(Name));
    }

    [SkippableFact]
    public async Task A_second_rotation_replaces_the_key_that_was_not_used()
    {
        IKeyDirectory store = await OpenAsync();
        await store.AddAsync(TestKeys.Shared(Name));
        await store.RotateAsync(TestKeys.Shared(Name, 1));
        using StoredKey? first = await store.FindAsync(Name);
        await store.RotateAsync(TestKeys.Shared(Name, 2));
        await Assert.ThrowsAsync<KeyNotFoundException>(async () =>
            await store.AdvanceAsync(Name, first!.Successor!.Serial, 1, TestKeys.Root(Name, 1))
        );
        using StoredKey? second = await store.FindAsync(Name);
        await store.AdvanceAsync(Name, second!.Successor!.Serial, 0, second.Successor.EpochKey.ToArray());
        Assert.True(await store.HoldsAsync(Name, TestKeys.Shared(Name, 2), ChannelRole.Server));
    }

    [SkippableFact]
    [Requirement("R3-18")]
    public async Task A_client_takes_its_new_key_at_once()
    {
        IKeyDirectory store = await OpenAsync(ChannelRole.Client);
        await store.AddAsync(TestKeys.Shared(Name));
        await store.AdvanceAsync(Name, 5);
        await store.RotateAsync(TestKeys.Shared(Name, 1));
        Assert.Equal(0, await store.EpochAsync(Name));
        Assert.True(await store.HoldsAsync(Name, TestKeys.Shared(Name, 1), ChannelRole.Client));
        Assert.False((await store.DescribeAsync(Name))!.IsRotating);
    }

    [SkippableFact]
    public async Task A_revoked_identity_is_remembered_without_its_keys_and_comes_back_with_a_new_key_only()
    {
        IKeyDirectory store = await OpenAsync();
        await store.AddAsync(TestKeys.Shared(Name));
        await store.AdvanceAsync(Name, 5);
        long serial = await store.SerialAsync(Name);
        Assert.True(await store.RevokeAsync(Name));
        Assert.False(await store.RevokeAsync(Name));
        Assert.Null(await store.FindAsync(Name));
        KeyRecord? record = await store.DescribeAsync(Name);
        Assert.Equal(5, record!.Epoch);
        Assert.NotNull(record.Revoked);
        await Assert.ThrowsAsync<KeyNotFoundException>(async () =>
            await store.AdvanceAsync(Name, serial, 6, TestKeys.Root(Name, 6))
        );
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await store.AddAsync(TestKeys.Shared(Name)));
        await store.RotateAsync(TestKeys.Shared(Name, 1));
        using StoredKey? back = await store.FindAsync(Name);
        Assert.Equal(0, back!.Epoch);
        Assert.NotEqual(serial, back.Serial);
        Assert.Null((await store.DescribeAsync(Name))!.Revoked);
    }

    [SkippableFact]
    public async Task Whoever_watches_hears_of_a_revocation_by_another()
    {
        IKeyDirectory store = await OpenAsync();
        IKeyDirectory other = await OpenAsync();
        await store.AddAsync(TestKeys.Shared(Name));
        if (HoldsSeveral)
            await store.AddAsync(TestKeys.Shared("device 2"));
        using CancellationTokenSource timeout = new(TimeSpan.FromSeconds(20));
        await using IAsyncEnumerator<ClientId> watch = other.WatchRevocationsAsync(timeout.Token).GetAsyncEnumerator();
        Task<bool> next = watch.MoveNextAsync().AsTask();
        await store.RevokeAsync(Name);
        Assert.True(await next);
        Assert.Equal(Name, watch.Current.ToString());
        if (!HoldsSeveral)
            return;
        next = watch.MoveNextAsync().AsTask();
        await store.RevokeAsync("device 2");
        Assert.True(await next);
        Assert.Equal("device 2", watch.Current.ToString());
    }

    [SkippableFact]
    public async Task A_revocation_is_told_even_when_a_new_key_followed_at_once()
    {
        IKeyDirectory store = await OpenAsync();
        await store.AddAsync(TestKeys.Shared(Name));
        using CancellationTokenSource timeout = new(TimeSpan.FromSeconds(20));
        await using IAsyncEnumerator<ClientId> watch = (await OpenAsync())
            .WatchRevocationsAsync(timeout.Token)
            .GetAsyncEnumerator();
        await store.RevokeAsync(Name);
        await store.RotateAsync(TestKeys.Shared(Name, 1));
        Assert.True(await watch.MoveNextAsync());
        Assert.Equal(Name, watch.Current.ToString());
        Assert.Null((await store.DescribeAsync(Name))!.Revoked);
    }

    [SkippableFact]
    public async Task Identities_are_listed_by_the_bytes_of_their_ids_a_page_at_a_time()
    {
        Skip.IfNot(HoldsSeveral, "A store of this kind has room for one identity.");
        IKeyDirectory store = await OpenAsync();
        byte[][] ids =
        [
            [0],
            [0, 0],
            [1],
            [.. "a"u8],
            [.. "a\0"u8],
            [.. "aa"u8],
            [.. "b"u8],
            [0x7F],
            [0x80],
            [0xC3, 0xA4],
            [0xFF],
            [0xFF, 0xFF],
            [.. Enumerable.Repeat((byte)0xFF, 255)],
        ];
        foreach (byte[] id in ids.Reverse())
            await store.AddAsync(
                new StoredKey(
                    ChannelProtocol.V1,
                    ChannelRole.Server,
                    new ClientId(id),
                    KeyEvolution.Forward,
                    TestKeys.Root("any", 0),
                    0,
                    TestKeys.Root("any", 1)
                )
            );
        foreach (int limit in (int[])[1, 4, 13, 100])
        {
            List<string> listed = [];
            ClientId? after = null;
            while (await store.ListAsync(after, limit) is [.., { } last] page)
            {
                Assert.True(page.Count <= limit);
                listed.AddRange(page.Select(record => Convert.ToHexString(record.Id.Bytes)));
                after = last.Id;
            }

            Assert.Equal(ids.Select(Convert.ToHexString), listed);
        }
    }

    [SkippableFact]
    public async Task A_record_tells_what_operators_ask_and_no_key()
    {
        IKeyDirectory store = await OpenAsync();
        await store.AddAsync(TestKeys.Shared(Name), [CipherSuiteId.ChaCha20Poly1305, CipherSuiteId.Aes256Gcm]);
        KeyRecord? fresh = await store.DescribeAsync(Name);
        Assert.Equal(
            (Name, ChannelProtocol.V1, KeyEvolution.Forward, 0L, false),
            (fresh!.Id.ToString(), fresh.Protocol, fresh.Evolution, fresh.Epoch, fresh.IsRotating)
        );
        Assert.Equal([CipherSuiteId.Aes256Gcm, CipherSuiteId.ChaCha20Poly1305], fresh.Suites.Order());
        Assert.Null(fresh.LastSeen);
        await store.AdvanceAsync(Name, 3);
        await store.RestrictAsync(Name, []);
        KeyRecord? used = await store.DescribeAsync(Name);
        Assert.Equal(3, used!.Epoch);
        Assert.Empty(used.Suites);
        Assert.True(used.LastSeen >= fresh.Added);
        Assert.Equal(fresh.Added, used.Added);
        using StoredKey? found = await store.FindAsync(Name);
        Assert.Equal(used.LastSeen, found!.LastSeen);
        Assert.Contains(Name, used.ToString(), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task What_one_object_does_another_sees_at_once()
    {
        IKeyDirectory one = await OpenAsync();
        IKeyDirectory two = await OpenAsync();
        await one.AddAsync(TestKeys.Shared(Name));
        for (long epoch = 1; epoch <= 20; epoch++)
        {
            await (epoch % 2 == 0 ? one : two).AdvanceAsync(Name, epoch);
            Assert.Equal((epoch, epoch), (await one.EpochAsync(Name), await two.EpochAsync(Name)));
        }
    }
}
