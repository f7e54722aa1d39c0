namespace SymRatchet.KeyStores.Tests.Contract;

/// <summary>A rotation brings a new key, whatever the store is made of.</summary>
public abstract class SameKeyContract
{
    private protected abstract ValueTask<IKeyDirectory> OpenAsync(ChannelRole role);

    [SkippableTheory]
    [InlineData(ChannelRole.Server)]
    [InlineData(ChannelRole.Client)]
    public async Task A_rotation_to_the_key_that_is_there_is_refused(ChannelRole role)
    {
        IKeyDirectory store = await OpenAsync(role);
        await store.AddAsync(TestKeys.Shared("device 1"));
        await store.AdvanceAsync("device 1", 3);
        var error = await Assert.ThrowsAsync<ArgumentException>(async () =>
            await store.RotateAsync(TestKeys.Shared("device 1"))
        );
        Assert.Contains("same key", error.Message, StringComparison.Ordinal);
        Assert.Equal(3, await store.EpochAsync("device 1"));
        Assert.False((await store.DescribeAsync("device 1"))!.IsRotating);
        await store.RotateAsync(TestKeys.Shared("device 1", 1));

        store = await OpenAsync(role);
        await store.AddAsync(PreSharedKey.ForSeed(7, "client7_master_k"u8));
        await Assert.ThrowsAsync<ArgumentException>(async () =>
            await store.RotateAsync(PreSharedKey.ForSeed(7, "client7_master_k"u8))
        );
        await store.RotateAsync(PreSharedKey.ForSeed(7, "client7_master_l"u8));
    }
}
