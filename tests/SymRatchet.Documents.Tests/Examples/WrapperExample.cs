using System.Security.Cryptography;
using SymRatchet.KeyStores.Sqlite;
using SymRatchet.TestKit;

namespace SymRatchet.Documents.Tests.Examples;

/// <summary>The wrapper of the guide to key stores, in a store.</summary>
public sealed class WrapperExample : CurrentFolder
{
    private static readonly KeyWrapContext Context = new(ChannelRole.Server, "sensor-17", serial: 1, epoch: 2);

    private readonly KeyService _service = new();

    [Fact]
    public async Task A_store_is_wrapped_again_and_the_old_key_of_the_service_destroyed()
    {
        using PreSharedKey key = PreSharedKey.Generate("sensor-17");
        key.WriteCredentialFile("sensor-17.credential");
        await using KeyFile client = await KeyFile.OpenAsync("sensor-17.credential");
        await using (SqliteKeyStore store = Open())
        {
            await store.AddAsync(key);
            await MeetAsync(client, store);
            _service.MakeNewest();
            await MeetAsync(client, store);
            await store.RewrapAsync();
            _service.DestroyOld();
            await MeetAsync(client, store);
        }

        await using SqliteKeyStore again = Open();
        await MeetAsync(client, again);
        Assert.Equal(4, (await again.DescribeAsync("sensor-17"))!.Epoch);
    }

    [Fact]
    public async Task What_was_wrapped_under_an_older_key_says_so_and_is_no_failure()
    {
        ServiceKeyWrapper wrapper = new(_service);
        byte[] key = RandomNumberGenerator.GetBytes(32);
        byte[] unwrapped = new byte[32];
        byte[] wrapped = await wrapper.WrapAsync(key, Context);
        Assert.True(await wrapper.UnwrapAsync(wrapped, Context, unwrapped));
        Assert.Equal(key, unwrapped);
        _service.MakeNewest();
        Assert.False(await wrapper.UnwrapAsync(wrapped, Context, unwrapped));
        Assert.Equal(key, unwrapped);
        _service.DestroyOld();
        await Assert.ThrowsAsync<CryptographicException>(() =>
            wrapper.UnwrapAsync(wrapped, Context, unwrapped).AsTask()
        );
    }

    [Fact]
    public async Task A_wrapped_key_opens_in_its_own_place_only_and_as_it_was_made()
    {
        ServiceKeyWrapper wrapper = new(_service);
        byte[] wrapped = await wrapper.WrapAsync(new byte[32], Context);
        KeyWrapContext other = new(ChannelRole.Server, "sensor-17", serial: 1, epoch: 1);
        await Assert.ThrowsAnyAsync<CryptographicException>(() =>
            wrapper.UnwrapAsync(wrapped, other, new byte[32]).AsTask()
        );
        await Assert.ThrowsAnyAsync<CryptographicException>(() =>
            wrapper.UnwrapAsync(wrapped, Context, new byte[16]).AsTask()
        );
        wrapped[^1] ^= 1;
        await Assert.ThrowsAnyAsync<CryptographicException>(() =>
            wrapper.UnwrapAsync(wrapped, Context, new byte[32]).AsTask()
        );
    }

    private SqliteKeyStore Open() =>
        SqliteKeyStore.Open("server.keys", ChannelRole.Server, new() { Wrapper = new ServiceKeyWrapper(_service) });

    private static async Task MeetAsync(KeyFile client, SqliteKeyStore server)
    {
        await using ChannelPair pair = await ChannelPair.CreateAsync(
            new SecureChannelClientOptions { Keys = client },
            new SecureChannelServerOptions { Keys = server }
        );
        await pair.RoundAsync([1], [2]);
    }

    private sealed class KeyService : IKeyService
    {
        private readonly Dictionary<int, byte[]> _keys = new() { [1] = RandomNumberGenerator.GetBytes(32) };
        private int _newest = 1;

        public async Task<ServiceKey> GetAsync(int? version, CancellationToken cancellationToken)
        {
            await Task.Delay(1, cancellationToken); // it is elsewhere
            int wanted = version ?? _newest;
            return _keys.TryGetValue(wanted, out byte[]? key)
                ? new ServiceKey(wanted, wanted == _newest, new AesGcm(key, tagSizeInBytes: 16))
                : throw new CryptographicException($"Version {wanted} was destroyed.");
        }

        internal void MakeNewest() => _keys[++_newest] = RandomNumberGenerator.GetBytes(32);

        internal void DestroyOld() => _keys.Remove(_newest - 1);
    }
}
