using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using SymRatchet.AspNetCore;
using SymRatchet.KeyStores.Sqlite;

namespace SymRatchet.Documents.Tests.Examples;

/// <summary>What listens on a port of its own is compiled here, and runs where the package is tested.</summary>
public sealed class WebExamples : CurrentFolder
{
    [Fact]
    public async Task A_store_of_the_host_serves_channels_and_operators()
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(settings: null);
        Register(builder);
        ServiceProvider services = builder.Services.BuildServiceProvider();
        IKeyStore keys = services.GetRequiredService<IOptions<SecureChannelServerOptions>>().Value.Keys!;
        await using (services)
        {
            using PreSharedKey key = PreSharedKey.Generate("sensor-17");
            await services.GetRequiredService<IKeyDirectory>().AddAsync(key);
            using StoredKey? found = await keys.FindAsync("sensor-17");
            Assert.NotNull(found);
        }

        await Assert.ThrowsAsync<ObjectDisposedException>(() => keys.FindAsync("sensor-17").AsTask());
    }

    private static void Register(HostApplicationBuilder builder)
    {
        builder.Services.AddSingleton(_ => SqliteKeyStore.Open("server.keys", ChannelRole.Server));
        // Channels use IKeyStore; pages that add, rotate and revoke keys use IKeyDirectory.
        builder.Services.AddSingleton<IKeyStore>(services => services.GetRequiredService<SqliteKeyStore>());
        builder.Services.AddSingleton<IKeyDirectory>(services => services.GetRequiredService<SqliteKeyStore>());
        builder.Services.AddSymRatchet();
    }

    internal static void Both(WebApplicationBuilder builder, IKeyStore keys, PreSharedKey key)
    {
        // The server.
        builder.Services.AddSymRatchet(options => options.Keys = keys);
        builder.Services.AddAuthentication().AddSymRatchet();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenAnyIP(5000, listen => listen.UseSymRatchet()));

        // The client. The address begins with http://, since the protection is the connection's.
        using SocketsHttpHandler handler = new SocketsHttpHandler().UseSymRatchet(
            new SecureChannelClientOptions { Key = key }
        );
        using HttpClient http = new(handler) { BaseAddress = new Uri("http://server:5000") };
    }
}
