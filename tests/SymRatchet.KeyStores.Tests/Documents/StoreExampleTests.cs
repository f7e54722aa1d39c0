using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using SymRatchet.KeyStores.DataProtection;
using SymRatchet.KeyStores.PostgreSql;
using SymRatchet.KeyStores.Tests.Contract;
using SymRatchet.KeyStores.Tests.PostgreSql;

namespace SymRatchet.KeyStores.Tests.Documents;

/// <summary>The examples of docs/key-stores.md, line by line as they stand there.</summary>
[Collection(PostgresServer.CollectionName)]
public sealed class StoreExampleTests(PostgresServer server)
{
    [Fact]
    public async Task A_server_ends_the_channels_of_a_revoked_client()
    {
        using InMemoryKeyStore store = new(ChannelRole.Server);
        ILoggerFactory loggerFactory = NullLoggerFactory.Instance;

        await using var live = new LiveChannels(store, loggerFactory);
        var options = new SecureChannelServerOptions { Keys = store, LiveChannels = live };

        Assert.Same(live, options.LiveChannels);
    }

    [SkippableFact]
    public async Task Keys_are_wrapped_before_they_reach_the_database()
    {
        NpgsqlDataSource source = server.Source;
        await PostgreSqlKeyStore.CreateAsync(source, ChannelRole.Server);
        IDataProtectionProvider dataProtectionProvider = new EphemeralDataProtectionProvider();

        var wrapper = new DataProtectionKeyWrapper(dataProtectionProvider);   // SymRatchet.KeyStores.DataProtection
        var store = await PostgreSqlKeyStore.OpenAsync(source, ChannelRole.Server, new() { Wrapper = wrapper });

        await store.AddAsync(TestKeys.Shared("example"));
        Assert.Equal(0, await store.EpochAsync("example"));
        await Assert.ThrowsAsync<KeyStoreException>(async () => await (await PostgreSqlKeyStore.OpenAsync(source, ChannelRole.Server)).EpochAsync("example"));
    }
}
