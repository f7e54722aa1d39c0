using SymRatchet.KeyStores.PostgreSql;
using SymRatchet.KeyStores.Tests.Contract;
using SymRatchet.KeyStores.Tests.Wrapping;

namespace SymRatchet.KeyStores.Tests.PostgreSql;

/// <summary>A row that nobody's program wrote: its reader is told which client it is, and all others go on.</summary>
[Collection(PostgresServer.CollectionName)]
public sealed class OddRowTests(PostgresServer server)
{
    private const string Odd = "device 2";

    private static readonly string[] Names = ["device 1", Odd, "device 3"];

    private readonly PostgresStores _stores = new(server);

    public static TheoryData<string> OddKeys =>
        [
            "epoch_key = NULL",
            "identity_key = NULL",
            "protocol = 99",
            "evolution = -1",
            "epoch = -1",
            "epoch_key = '\\x00'",
            "next_serial = 7",
            "suites = -1",
        ];

    [SkippableTheory]
    [MemberData(nameof(OddKeys))]
    [InlineData("epoch_key = decode(repeat('00', 5000), 'hex')")]
    [InlineData("identity_key = ''")]
    public async Task An_odd_row_is_named_and_the_others_are_read(string oddity)
    {
        PostgreSqlKeyStore store = await OpenAsync(oddity);
        Assert.Equal(Names, (await store.ListAsync(default, 10)).Select(record => record.Id.ToString()));
        Assert.Equal(Odd, (await store.DescribeAsync(Odd))!.Id.ToString());
        var error = await Assert.ThrowsAsync<KeyStoreException>(async () => await store.FindAsync(Odd));
        Assert.Contains(Odd, error.Message, StringComparison.Ordinal);

        // All others are wrapped again, before it and after it.
        PostgreSqlKeyStore turned = await _stores.OpenAsync(
            options: new PostgreSqlKeyStoreOptions { Wrapper = new MaskingWrapper() }
        );
        error = await Assert.ThrowsAsync<KeyStoreException>(async () =>
            await turned.RewrapAsync(PlaintextKeyWrapper.Instance)
        );
        Assert.Contains(Odd, error.Message, StringComparison.Ordinal);
        foreach (string name in Names.Where(name => name != Odd))
            Assert.Equal(0, await turned.EpochAsync(name));
    }

    [SkippableTheory]
    [InlineData("added = 9223372036854775807")]
    [InlineData("added = -9223372036854775808")]
    [InlineData("last_seen = 9223372036854775807")]
    [InlineData("revoked = -9223372036854775808")]
    public async Task What_is_odd_beside_the_keys_is_listed_as_far_as_it_can_be(string oddity)
    {
        PostgreSqlKeyStore store = await OpenAsync(oddity);
        Assert.Equal(Names, (await store.ListAsync(default, 10)).Select(record => record.Id.ToString()));
        Assert.Equal(0, await store.EpochAsync(Odd));
    }

    [SkippableTheory]
    [MemberData(nameof(OddKeys))]
    [InlineData("added = 9223372036854775807")]
    [InlineData("last_seen = -9223372036854775808")]
    [InlineData("epoch_key = NULL, identity_key = NULL, revoked = 9223372036854775807")]
    [InlineData("epoch_key = NULL, identity_key = NULL, revoked = 1, epoch = -1")]
    public async Task A_check_names_an_odd_row_once_and_no_other(string oddity)
    {
        PostgreSqlKeyStore store = await OpenAsync(oddity);
        string problem = Assert.Single(await store.CheckAsync());
        Assert.StartsWith($"{Odd}: ", problem, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_check_of_a_sound_store_finds_nothing()
    {
        PostgreSqlKeyStore store = await OpenAsync("epoch = epoch");
        await store.RevokeAsync(Odd);
        Assert.Empty(await store.CheckAsync());
    }

    [SkippableFact]
    public async Task A_revocation_without_a_tag_is_told_once_and_hides_no_other()
    {
        PostgreSqlKeyStore store = await OpenAsync("epoch = epoch");
        await using IAsyncEnumerator<ClientId> watch = store.WatchRevocationsAsync().GetAsyncEnumerator();
        foreach (string name in Names)
        {
            await store.RevokeAsync(name);
            if (name == Odd)
                await server.ExecuteAsync(
                    $"UPDATE {_stores.SchemaOf(ChannelRole.Server)}.keys SET revocation_tag = NULL WHERE id = '{Odd}'"
                );
        }

        foreach (string name in Names)
        {
            Assert.True(await watch.MoveNextAsync());
            Assert.Equal<ClientId>(name, watch.Current);
        }

        // As the last one, it is told once too, and a store opens with it.
        await server.ExecuteAsync($"UPDATE {_stores.SchemaOf(ChannelRole.Server)}.keys SET revocation_tag = NULL");
        PostgreSqlKeyStore reopened = await _stores.OpenAsync(options: new PostgreSqlKeyStoreOptions());
        await using IAsyncEnumerator<ClientId> later = reopened.WatchRevocationsAsync().GetAsyncEnumerator();
        Task<bool> next = later.MoveNextAsync().AsTask();
        await Task.Delay(TimeSpan.FromSeconds(1.5));
        Assert.False(next.IsCompleted);
        await store.AddAsync(TestKeys.Shared("device 4"));
        await store.RevokeAsync("device 4");
        Assert.True(await next);
        Assert.Equal<ClientId>("device 4", later.Current);
    }

    [SkippableFact]
    public async Task An_odd_row_can_be_revoked_and_given_a_new_key()
    {
        PostgreSqlKeyStore store = await OpenAsync("identity_key = NULL");
        Assert.True(await store.RevokeAsync(Odd));
        await store.RotateAsync(TestKeys.Shared(Odd, 1));
        Assert.Equal(0, await store.EpochAsync(Odd));
    }

    private async Task<PostgreSqlKeyStore> OpenAsync(string oddity)
    {
        PostgreSqlKeyStore store = await _stores.OpenAsync();
        foreach (string name in Names)
            await store.AddAsync(TestKeys.Shared(name));
        await server.ExecuteAsync(
            $"UPDATE {_stores.SchemaOf(ChannelRole.Server)}.keys SET {oddity} WHERE id = '{Odd}'"
        );
        return store;
    }

    private sealed class MaskingWrapper : SyncWrapper
    {
        protected override byte[] Wrap(ReadOnlySpan<byte> key, KeyWrapContext context) =>
            [.. key.ToArray().Select(value => (byte)(value ^ 0x5A)), 0];

        protected override bool Unwrap(ReadOnlySpan<byte> wrapped, KeyWrapContext context, Span<byte> key)
        {
            if (wrapped.Length != key.Length + 1)
                throw new System.Security.Cryptography.CryptographicException("not masked");
            for (int i = 0; i < key.Length; i++)
                key[i] = (byte)(wrapped[i] ^ 0x5A);
            return true;
        }
    }
}
