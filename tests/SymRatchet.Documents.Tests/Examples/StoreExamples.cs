using System.Collections.Concurrent;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.Logging;
using Npgsql;
using SymRatchet.KeyStores.DataProtection;
using SymRatchet.KeyStores.PostgreSql;
using SymRatchet.KeyStores.Sqlite;
using SymRatchet.TestKit;

namespace SymRatchet.Documents.Tests.Examples;

public sealed class StoreExamples : CurrentFolder
{
    [Fact]
    public async Task A_revocation_ends_the_channels_that_stand()
    {
        await using SqliteKeyStore store = SqliteKeyStore.Open("server.keys", ChannelRole.Server);
        using PreSharedKey key = PreSharedKey.Generate("sensor-18");
        await store.AddAsync(key);
        using ILoggerFactory loggerFactory = new ListLoggerFactory();

        var options = new SecureChannelServerOptions { Keys = store, LoggerFactory = loggerFactory };
        await using var live = new ChannelRegistry(store, options);
        options.ChannelRegistry = live;

        await using ChannelPair pair = await ChannelPair.CreateAsync(new() { Key = key }, options);
        Task<byte[]?> receiving = ChannelPair.ReceiveAsync(pair.Server);
        Assert.True(await RevokeAsync(store));
        SecureChannelException ended = await Assert.ThrowsAsync<SecureChannelException>(() =>
            receiving.WaitAsync(TimeSpan.FromSeconds(20))
        );
        Assert.Equal(SecureChannelError.Aborted, ended.Error);
    }

    [Fact]
    public async Task A_credential_becomes_the_store_of_its_client()
    {
        using PreSharedKey key = PreSharedKey.Generate("sensor-17");
        key.WriteCredentialFile("sensor-17.credential");
        using InMemoryKeyStore server = new(ChannelRole.Server);
        server.Add(key);

        await using var keys = await KeyFile.OpenAsync("sensor-17.credential");
        var options = new SecureChannelClientOptions { Keys = keys, ClientId = keys.ClientId };

        await using ChannelPair pair = await ChannelPair.CreateAsync(options, new() { Keys = server });
        await pair.RoundAsync([1], [2]);
        Assert.Equal(1, Assert.Single(await keys.ListAsync(default, 10)).Epoch);
    }

    [Fact]
    public async Task A_fleet_has_its_credentials_and_the_server_its_keys()
    {
        string[] fleet = [.. Enumerable.Range(0, 40).Select(i => $"pump-{i}")];
        await using SqliteKeyStore store = SqliteKeyStore.Open("server.keys", ChannelRole.Server);
        await Parallel.ForEachAsync(
            fleet,
            async (id, cancel) =>
            {
                using PreSharedKey key = PreSharedKey.Generate(id);
                key.WriteCredentialFile($"{id}.credential");
                await store.AddAsync(key, cancellationToken: cancel);
            }
        );
        await using KeyFile device = await KeyFile.OpenAsync("pump-39.credential");
        await MeetAsync(device, store);
        Assert.Equal(40, (await store.ListAsync(default, 100)).Count);
    }

    [Fact]
    public async Task A_key_that_was_rotated_on_the_server_first_never_locks_the_client_out()
    {
        await using SqliteKeyStore server = SqliteKeyStore.Open("server.keys", ChannelRole.Server);
        using PreSharedKey first = PreSharedKey.Generate("sensor-17");
        await server.AddAsync(first);
        first.WriteCredentialFile("sensor-17.credential");
        await using var client = await KeyFile.OpenAsync("sensor-17.credential");

        await RotateOnServerAsync(server);
        await using (ChannelPair pair = await PairAsync(client, server))
        {
            await pair.RoundAsync([1], [2]);
            await RotateOnClientAsync(client, pair.Client);
        }

        Assert.True((await server.DescribeAsync("sensor-17"))!.IsRotating); // the channel goes on with the old key
        await MeetAsync(client, server);
        Assert.False((await server.DescribeAsync("sensor-17"))!.IsRotating);
    }

    [Fact]
    public async Task The_alarms_of_a_key_with_two_owners_are_counted()
    {
        using PreSharedKey key = PreSharedKey.Generate("sensor-17");
        await using SqliteKeyStore server = SqliteKeyStore.Open("server.keys", ChannelRole.Server);
        await server.AddAsync(key);
        key.WriteCredentialFile("sensor-17.credential");
        key.WriteCredentialFile("clone.credential");

        ConcurrentQueue<string> alarms = [];
        using IDisposable listening = AlarmExample.Listen(kind => alarms.Enqueue(kind));
        foreach (string owner in (string[])["sensor-17.credential", "sensor-17.credential", "clone.credential"])
        {
            await using var client = await KeyFile.OpenAsync(owner);
            await MeetAsync(client, server);
        }

        Assert.Contains("ClientStoreBehind", alarms);
    }

    // Needs a database, so it is compiled here and run where the stores are tested.
    internal static async Task<IKeyStore> OpenWrappedAsync(
        NpgsqlDataSource source,
        IDataProtectionProvider dataProtectionProvider
    )
    {
        var wrapper = new DataProtectionKeyWrapper(dataProtectionProvider); // SymRatchet.KeyStores.DataProtection
        var store = await PostgreSqlKeyStore.OpenAsync(source, ChannelRole.Server, new() { Wrapper = wrapper });
        return store;
    }

    private static async Task<bool> RevokeAsync(SqliteKeyStore store)
    {
        bool wasThere = await store.RevokeAsync("sensor-18");
        return wasThere;
    }

    private static async Task RotateOnServerAsync(SqliteKeyStore store)
    {
        using PreSharedKey next = PreSharedKey.Generate("sensor-17");
        next.WriteCredentialFile("sensor-17.next");
        await store.RotateAsync(next);
    }

    private static async Task RotateOnClientAsync(KeyFile keys, ISecureChannel channel)
    {
        using (PreSharedKey next = PreSharedKey.FromCredentialFile("sensor-17.next"))
            await keys.RotateAsync(next);
        File.Delete("sensor-17.next");
        await channel.CloseAsync();
    }

    private static async Task MeetAsync(KeyFile client, SqliteKeyStore server)
    {
        await using ChannelPair pair = await PairAsync(client, server);
        await pair.RoundAsync([1], [2]);
    }

    private static Task<ChannelPair> PairAsync(KeyFile client, SqliteKeyStore server) =>
        ChannelPair.CreateAsync(
            new SecureChannelClientOptions { Keys = client },
            new SecureChannelServerOptions { Keys = server }
        );
}
