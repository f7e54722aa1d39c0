using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using SymRatchet.TestKit;

namespace SymRatchet.AspNetCore.Tests;

/// <summary>
/// A revoked client loses its connections without a line of anybody's: forgetting one would be found out too late.
/// </summary>
public sealed class RevocationByDefaultTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task A_client_that_is_revoked_loses_its_channel_where_nothing_else_is_registered()
    {
        using InMemoryKeyStore keys = new(ChannelRole.Server);
        await using ServiceProvider provider = Services(keys).BuildServiceProvider();
        using var key = PreSharedKey.Generate("device");
        keys.Add(key);
        SecureChannelServerOptions options = provider.GetRequiredService<IOptions<SecureChannelServerOptions>>().Value;
        await using ChannelPair pair = await ChannelPair.CreateAsync(
            new SecureChannelClientOptions { Key = key },
            options
        );
        await keys.RevokeAsync("device");
        SecureChannelException ended = await Assert.ThrowsAsync<SecureChannelException>(() =>
            pair.Server.ReceiveMessageAsync().AsTask().WaitAsync(Soon)
        );
        Assert.Equal(SecureChannelError.Aborted, ended.Error);
    }

    [Fact]
    public async Task An_object_that_was_brought_is_taken()
    {
        using InMemoryKeyStore keys = new(ChannelRole.Server);
        await using ChannelRegistry own = new(keys);
        await using ServiceProvider provider = Services(keys).AddSingleton(own).BuildServiceProvider();
        Assert.Same(own, provider.GetRequiredService<IOptions<SecureChannelServerOptions>>().Value.ChannelRegistry);
    }

    private static IServiceCollection Services(InMemoryKeyStore keys) =>
        new ServiceCollection()
            .AddSingleton<IConfiguration>(new ConfigurationBuilder().Build())
            .AddSingleton<IKeyStore>(keys)
            .AddLogging()
            .AddSymRatchet();
}
