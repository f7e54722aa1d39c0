using System.Security.Cryptography;
using Microsoft.Data.Sqlite;
using SymRatchet.KeyStores.DataProtection;
using SymRatchet.KeyStores.Sqlite;
using SymRatchet.KeyStores.Tests.Contract;
using SymRatchet.KeyStores.Tests.Sqlite;

namespace SymRatchet.KeyStores.Tests.Wrapping;

/// <summary>Keys at rest under a wrapping key.</summary>
public sealed class WrappingTests : IAsyncLifetime
{
    private const string Name = "device 1";

    private readonly StoreFolder _folder = new();
    private readonly KeyRing _ring = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await _folder.DisposeAsync();
        _ring.Dispose();
    }

    [Fact]
    public async Task No_key_is_in_the_files_and_without_the_ring_there_is_no_key()
    {
        SqliteKeyStore store = Open(_ring.Open());
        await store.AddAsync(TestKeys.Shared(Name));
        await store.AdvanceAsync(Name, 1);
        using StoredKey? key = await store.FindAsync(Name);
        Assert.Empty(KeySearch.Find(_folder.AllBytes(), [key!.IdentityKey.ToArray(), key.EpochKey.ToArray()]));
        using KeyRing another = new();
        await Assert.ThrowsAsync<KeyStoreException>(async () => await Open(another.Open()).FindAsync(Name));
        await Assert.ThrowsAsync<KeyStoreException>(async () =>
            await Open(PlaintextKeyWrapper.Instance).FindAsync(Name)
        );
    }

    [Theory]
    [InlineData(
        "UPDATE keys SET epoch_key = (SELECT epoch_key FROM keys WHERE id = CAST('device 2' AS BLOB)) WHERE id = "
            + "CAST('device 1' AS BLOB)"
    )]
    [InlineData(
        "UPDATE keys SET identity_key = (SELECT identity_key FROM keys WHERE id = CAST('device 2' AS BLOB)) WHERE id "
            + "= CAST('device 1' AS BLOB)"
    )]
    [InlineData("UPDATE keys SET identity_key = epoch_key WHERE id = CAST('device 1' AS BLOB)")]
    [InlineData("UPDATE keys SET epoch = epoch + 1 WHERE id = CAST('device 1' AS BLOB)")]
    [InlineData("UPDATE keys SET serial = serial + 5 WHERE id = CAST('device 1' AS BLOB)")]
    public async Task A_wrapped_key_opens_in_its_own_place_only(string tampering)
    {
        SqliteKeyStore store = Open(_ring.Open());
        await store.AddAsync(TestKeys.Shared(Name));
        await store.AddAsync(TestKeys.Shared("device 2"));
        await using (SqliteConnection other = new($"Data Source={_folder.FileOf(ChannelRole.Server)};Pooling=False"))
        {
            await other.OpenAsync();
            await using SqliteCommand command = other.CreateCommand();
            command.CommandText = tampering;
            Assert.Equal(1, await command.ExecuteNonQueryAsync());
        }

        await Assert.ThrowsAsync<KeyStoreException>(async () => await store.FindAsync(Name));
        Assert.NotNull(await store.FindAsync("device 2"));
    }

    [Fact]
    public async Task A_copy_of_the_store_is_worth_nothing_once_the_ring_has_turned()
    {
        SqliteKeyStore store = Open(_ring.Open());
        await store.AddAsync(TestKeys.Shared(Name));
        await store.AddAsync(TestKeys.Shared("device 2"));
        await store.RotateAsync(TestKeys.Shared("device 2", 1));
        await store.DisposeAsync();
        string path = _folder.FileOf(ChannelRole.Server);
        File.Copy(path, path + ".copy");

        _ring.AddKey();
        SqliteKeyStore turned = Open(_ring.Open());
        Assert.Equal(2, await turned.RewrapAsync());
        Assert.Equal(0, await turned.RewrapAsync());
        _ring.DeleteOldKeys();

        SqliteKeyStore reopened = Open(_ring.Open());
        Assert.True(await reopened.HoldsAsync(Name, TestKeys.Shared(Name), ChannelRole.Server));
        using StoredKey? rotating = await reopened.FindAsync("device 2");
        Assert.NotNull(rotating!.Successor);
        await using var copy = SqliteKeyStore.Open(
            path + ".copy",
            ChannelRole.Server,
            new SqliteKeyStoreOptions { Wrapper = _ring.Open() }
        );
        await Assert.ThrowsAsync<KeyStoreException>(async () => await copy.FindAsync(Name));
    }

    [Fact]
    public async Task A_plain_store_can_be_wrapped_later()
    {
        SqliteKeyStore plain = Open(PlaintextKeyWrapper.Instance);
        await plain.AddAsync(TestKeys.Shared(Name));
        byte[] secret;
        using (StoredKey? key = await plain.FindAsync(Name))
            secret = key!.EpochKey.ToArray();
        await plain.DisposeAsync();
        SqliteKeyStore wrapped = Open(_ring.Open());
        Assert.Equal(1, await wrapped.RewrapAsync(previous: PlaintextKeyWrapper.Instance));
        Assert.True(await wrapped.HoldsAsync(Name, TestKeys.Shared(Name), ChannelRole.Server));
        Assert.Empty(KeySearch.Find(_folder.AllBytes(), [secret]));
    }

    [Fact]
    public async Task Places_differ_in_every_part()
    {
        KeyWrapContext[] places =
        [
            new(ChannelRole.Server, "a", 1, 1),
            new(ChannelRole.Client, "a", 1, 1),
            new(ChannelRole.Server, "b", 1, 1),
            new(ChannelRole.Server, "a", 2, 1),
            new(ChannelRole.Server, "a", 1, 2),
            new(ChannelRole.Server, "a", 1, 0),
            new(ChannelRole.Server, "a", 1, null),
        ];
        Assert.Equal(
            places.Length,
            places.Select(context => Convert.ToHexString(context.ToBytes())).Distinct().Count()
        );
        DataProtectionKeyWrapper wrapper = _ring.Open();
        byte[] wrapped = await wrapper.WrapAsync(new byte[32], places[0]);
        Assert.True(await wrapper.UnwrapAsync(wrapped, places[0], new byte[32]));
        foreach (KeyWrapContext other in places[1..])
            await Assert.ThrowsAsync<CryptographicException>(async () =>
                await wrapper.UnwrapAsync(wrapped, other, new byte[32])
            );
    }

    private SqliteKeyStore Open(IKeyWrapper wrapper) =>
        _folder.Open(options: new SqliteKeyStoreOptions { Wrapper = wrapper });
}
