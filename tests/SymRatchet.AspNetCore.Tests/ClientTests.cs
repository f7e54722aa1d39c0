using System.Net;
using System.Net.Sockets;
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
        services
            .AddHttpClient("fleet", client => client.BaseAddress = server.Address)
            .UseSymRatchet(_ => new SecureChannelClientOptions { Key = WebServer.Key });
        await using ServiceProvider provider = services.BuildServiceProvider();
        using HttpClient client = provider.GetRequiredService<IHttpClientFactory>().CreateClient("fleet");
        Assert.StartsWith("sensor-17", await client.GetStringAsync("/who"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_with_many_requests_opens_only_so_many_connections_at_a_time()
    {
        using Socket silent = new(SocketType.Stream, ProtocolType.Tcp);
        silent.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        silent.Listen(100);
        using SocketsHttpHandler handler = new SocketsHttpHandler().UseSymRatchet(
            new SecureChannelClientOptions { Key = WebServer.Key },
            maxConcurrentHandshakes: 5
        );
        using HttpClient client = new(handler)
        {
            BaseAddress = new Uri($"http://127.0.0.1:{((IPEndPoint)silent.LocalEndPoint!).Port}"),
        };
        Task[] requests = [.. Enumerable.Range(0, 50).Select(_ => client.GetAsync("/"))];
        using CancellationTokenSource patience = new(TimeSpan.FromSeconds(30));
        for (int accepted = 0; accepted < 50; accepted += 5)
        {
            List<Socket> five = [];
            while (five.Count < 5)
                five.Add(await silent.AcceptAsync(patience.Token));
            await Task.Delay(50, patience.Token);
            Assert.False(silent.Poll(TimeSpan.Zero, SelectMode.SelectRead), "A sixth was opened.");
            five.ForEach(socket => socket.Dispose());
        }

        await Task.WhenAll(requests.Select(request => Assert.ThrowsAsync<HttpRequestException>(() => request)));
    }

    [Fact]
    public void A_proxy_of_the_machine_is_not_asked()
    {
        // It would be the one that the handshake is made with.
        using SocketsHttpHandler handler = new SocketsHttpHandler().UseSymRatchet(
            new SecureChannelClientOptions { Key = WebServer.Key }
        );
        Assert.False(handler.UseProxy);
    }

    [Fact]
    public void A_proxy_of_the_handler_is_refused_at_once()
    {
        using SocketsHttpHandler handler = new() { Proxy = new WebProxy("http://127.0.0.1:9") };
        Assert.Throws<InvalidOperationException>(() =>
            handler.UseSymRatchet(new SecureChannelClientOptions { Key = WebServer.Key })
        );
    }

    [Fact]
    public void Options_that_cannot_work_are_refused_at_once()
    {
        using SocketsHttpHandler handler = new();
        Assert.Throws<ArgumentException>(() => handler.UseSymRatchet(new SecureChannelClientOptions()));
        SecureChannelClientOptions sound = new() { Key = WebServer.Key };
        Assert.Throws<ArgumentOutOfRangeException>(() => handler.UseSymRatchet(sound, maxConcurrentHandshakes: 0));
        Assert.Null(handler.ConnectCallback);
    }

    [Fact]
    public async Task An_address_with_TLS_is_refused_with_words()
    {
        using HttpClient client = new(
            new SocketsHttpHandler().UseSymRatchet(new SecureChannelClientOptions { Key = WebServer.Key })
        );
        HttpRequestException error = await Assert.ThrowsAsync<HttpRequestException>(() =>
            client.GetStringAsync("https://127.0.0.1:9/")
        );
        Assert.Contains("http://", error.InnerException!.Message, StringComparison.Ordinal);
    }
}
