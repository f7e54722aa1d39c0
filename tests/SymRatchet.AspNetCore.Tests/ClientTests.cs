using System.Net;
using Microsoft.Extensions.DependencyInjection;

namespace SymRatchet.AspNetCore.Tests;

/// <summary>What a client's program can get wrong, or have set around it.</summary>
public sealed class ClientTests
{
    [Fact]
    public async Task A_factory_of_clients_connects_through_channels()
    {
        await using WebServer server = await WebServer.StartAsync();
        ServiceCollection services = new();
        services.AddHttpClient("fleet", client => client.BaseAddress = server.Address)
            .UseSymRatchet(_ => new SecureChannelClientOptions { Key = WebServer.Key });
        await using ServiceProvider provider = services.BuildServiceProvider();
        using HttpClient client = provider.GetRequiredService<IHttpClientFactory>().CreateClient("fleet");
        Assert.StartsWith("sensor-17", await client.GetStringAsync("/who"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_proxy_of_the_machine_is_not_asked()
    {
        // It would be the one that the handshake is made with.
        using SocketsHttpHandler handler = new SocketsHttpHandler().UseSymRatchet(new SecureChannelClientOptions { Key = WebServer.Key });
        Assert.False(handler.UseProxy);
    }

    [Fact]
    public void A_proxy_of_the_handler_is_refused_at_once()
    {
        using SocketsHttpHandler handler = new() { Proxy = new WebProxy("http://127.0.0.1:9") };
        Assert.Throws<InvalidOperationException>(() => handler.UseSymRatchet(new SecureChannelClientOptions { Key = WebServer.Key }));
    }

    [Fact]
    public void Options_that_cannot_work_are_refused_at_once()
    {
        using SocketsHttpHandler handler = new();
        Assert.Throws<ArgumentException>(() => handler.UseSymRatchet(new SecureChannelClientOptions()));
        Assert.Null(handler.ConnectCallback);
    }

    [Fact]
    public async Task An_address_with_TLS_is_refused_with_words()
    {
        using HttpClient client = new(new SocketsHttpHandler().UseSymRatchet(new SecureChannelClientOptions { Key = WebServer.Key }));
        HttpRequestException error = await Assert.ThrowsAsync<HttpRequestException>(() => client.GetStringAsync("https://127.0.0.1:9/"));
        Assert.Contains("http://", error.InnerException!.Message, StringComparison.Ordinal);
    }
}
