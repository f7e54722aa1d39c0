using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using Microsoft.Extensions.Options;

namespace SymRatchet.AspNetCore.Tests;

/// <summary>The framework's own HTTP, end to end over real sockets and channels.</summary>
public sealed class HttpTests
{
    [Fact]
    public async Task A_request_has_the_channels_identity_as_its_user()
    {
        await using WebServer server = await WebServer.StartAsync();
        using HttpClient client = server.Client();
        Assert.Equal("sensor-17 over Aegis256, https: False", await client.GetStringAsync("/who"));
    }

    [Fact]
    public async Task A_megabyte_goes_both_ways()
    {
        await using WebServer server = await WebServer.StartAsync();
        using HttpClient client = server.Client();
        byte[] body = new byte[1 << 20];
        Random.Shared.NextBytes(body);
        using HttpResponseMessage answer = await client.PostAsync("/echo", new ByteArrayContent(body));
        Assert.Equal(body, await answer.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task A_gigabyte_goes_each_way_in_bounded_memory()
    {
        const long Size = 1L << 30;
        const long Bound = 128L << 20;
        await using WebServer server = await WebServer.StartAsync();
        using HttpClient client = server.Client();

        using HttpResponseMessage down = await client.GetAsync(
            $"/zeros/{Size}",
            HttpCompletionOption.ResponseHeadersRead
        );
        CountingStream counted = new();
        await (await down.Content.ReadAsStreamAsync()).CopyToAsync(counted);
        Assert.Equal(Size, counted.Total);
        Assert.InRange(counted.PeakMemory, 0, Bound);

        ZeroStream zeros = new(Size);
        using HttpResponseMessage up = await client.PostAsync("/count", new StreamContent(zeros, 64 * 1024));
        Assert.Equal($"{Size}", await up.Content.ReadAsStringAsync());
        Assert.InRange(zeros.PeakMemory, 0, Bound);
    }

    [Fact]
    public async Task A_thousand_requests_over_twenty_connections()
    {
        await using WebServer server = await WebServer.StartAsync();
        using HttpClient client = server.Client(connections: 20);
        string[] answers = await Task.WhenAll(Enumerable.Range(0, 1000).Select(_ => client.GetStringAsync("/who")));
        Assert.All(answers, answer => Assert.StartsWith("sensor-17", answer, StringComparison.Ordinal));
        Assert.Equal(1000, server.Requests);
    }

    [Fact]
    public async Task A_hundred_streams_of_HTTP_2_share_one_connection()
    {
        await using WebServer server = await WebServer.StartAsync();
        using HttpClient client = WebServer.ClientFor(server.Http2Address, WebServer.Key, connections: 1);
        client.DefaultRequestVersion = HttpVersion.Version20;
        client.DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        HttpResponseMessage[] answers = await Task.WhenAll(
            Enumerable.Range(0, 100).Select(i => client.PostAsync("/echo", new StringContent($"{i}")))
        );
        for (int i = 0; i < answers.Length; i++)
        {
            Assert.Equal(HttpVersion.Version20, answers[i].Version);
            Assert.Equal($"{i}", await answers[i].Content.ReadAsStringAsync());
            answers[i].Dispose();
        }
    }

    [Fact]
    public async Task A_web_socket_echoes()
    {
        await using WebServer server = await WebServer.StartAsync();
        using ClientWebSocket socket = new();
        using SocketsHttpHandler handler = new SocketsHttpHandler().UseSymRatchet(
            new SecureChannelClientOptions { Key = WebServer.Key }
        );
        using HttpMessageInvoker invoker = new(handler);
        await socket.ConnectAsync(new Uri($"ws://{server.Address.Authority}/socket"), invoker, CancellationToken.None);
        byte[] buffer = new byte[64];
        for (int i = 0; i < 10; i++)
        {
            await socket.SendAsync(
                Encoding.ASCII.GetBytes($"message {i}"),
                WebSocketMessageType.Text,
                endOfMessage: true,
                CancellationToken.None
            );
            WebSocketReceiveResult received = await socket.ReceiveAsync(buffer, CancellationToken.None);
            Assert.Equal($"message {i}", Encoding.ASCII.GetString(buffer, 0, received.Count));
        }

        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
    }

    [Fact]
    public async Task A_wrong_key_is_a_clear_exception_and_reaches_no_application()
    {
        await using WebServer server = await WebServer.StartAsync();
        using PreSharedKey wrong = PreSharedKey.Import("sensor-17", new byte[32]);
        using HttpClient client = WebServer.ClientFor(server.Address, wrong);
        HttpRequestException error = await Assert.ThrowsAsync<HttpRequestException>(() =>
            client.GetStringAsync("/who")
        );
        Assert.Equal(SecureChannelError.Refused, Assert.IsType<SecureChannelException>(error.InnerException).Error);
        Assert.Equal(0, server.Requests);
    }

    [Fact]
    public async Task Plain_HTTP_and_TLS_are_hung_up_on()
    {
        await using WebServer server = await WebServer.StartAsync();
        using HttpClient plain = new() { BaseAddress = server.Address };
        await Assert.ThrowsAsync<HttpRequestException>(() => plain.GetStringAsync("/who"));

        using TcpClient connection = new("127.0.0.1", server.Address.Port);
        using SslStream tls = new(connection.GetStream());
        await Assert.ThrowsAnyAsync<IOException>(() => tls.AuthenticateAsClientAsync("localhost"));
        Assert.Equal(0, server.Requests);
    }

    [Fact]
    public async Task Silent_connections_do_not_keep_an_honest_client_out()
    {
        await using WebServer server = await WebServer.StartAsync(
            ("SymRatchet:HandshakeLimiter:MaxPendingPerAddress", "256")
        );
        List<TcpClient> silent =
        [
            .. Enumerable.Range(0, 600).Select(_ => new TcpClient("127.0.0.1", server.Address.Port)),
        ];

        // All are in: the places of one address are taken, and the others had to go.
        List<Task> gone = [.. silent.Select(connection => EndOfAsync(connection.GetStream()))];
        for (int i = server.HandshakeLimiter.MaxPendingPerAddress; i < silent.Count; i++)
            gone.Remove(await Task.WhenAny(gone).WaitAsync(TimeSpan.FromSeconds(30)));
        Assert.Equal(server.HandshakeLimiter.MaxPendingPerAddress, server.HandshakeLimiter.Pending);

        using HttpClient client = server.Client();
        Assert.StartsWith("sensor-17", await client.GetStringAsync("/who"), StringComparison.Ordinal);
        Assert.InRange(server.HandshakeLimiter.Pending, 1, server.HandshakeLimiter.MaxPendingPerAddress);
        silent.ForEach(connection => connection.Dispose());

        static async Task EndOfAsync(NetworkStream stream)
        {
            try
            {
                Assert.Equal(0, await stream.ReadAsync(new byte[1]));
            }
            catch (IOException)
            {
                // Hung up on, with a reset.
            }
        }
    }

    [Fact]
    public async Task A_revoked_identity_loses_its_live_connections()
    {
        await using WebServer server = await WebServer.StartAsync();
        using HttpClient client = server.Client();
        using HttpResponseMessage answer = await client.GetAsync("/endless", HttpCompletionOption.ResponseHeadersRead);
        Stream body = await answer.Content.ReadAsStreamAsync();
        Assert.True(await body.ReadAsync(new byte[16]) > 0);

        Assert.True(await server.Keys.RevokeAsync("sensor-17"));
        await Assert.ThrowsAnyAsync<IOException>(() => body.CopyToAsync(Stream.Null));
        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetStringAsync("/who"));
    }

    [Fact]
    public async Task An_answer_that_breaks_off_is_an_error_to_its_client()
    {
        await using WebServer server = await WebServer.StartAsync();
        foreach (
            (Uri address, Version version) in new[]
            {
                (server.Address, HttpVersion.Version11),
                (server.Http2Address, HttpVersion.Version20),
            }
        )
        {
            using HttpClient client = WebServer.ClientFor(address, WebServer.Key);
            client.DefaultRequestVersion = version;
            client.DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact;
            await Assert.ThrowsAsync<HttpRequestException>(() => client.GetStringAsync("/half"));
        }
    }

    [Fact]
    public async Task A_server_that_stops_ends_its_channels_in_order()
    {
        await using WebServer server = await WebServer.StartAsync();
        using TcpClient connection = new("127.0.0.1", server.Address.Port);
        await using ISecureChannel channel = await SecureChannel.ConnectAsync(
            connection.GetStream(),
            new SecureChannelClientOptions { Key = WebServer.Key }
        );
        Task stopping = server.StopAsync();

        // An authenticated close, and not a stream that just ends.
        Assert.False(await channel.ReceiveAsync(new System.Buffers.ArrayBufferWriter<byte>()));
        await stopping;
    }

    [Theory]
    [InlineData("SymRatchet:HandshakeTimeout", "soon", "SymRatchet:HandshakeTimeout: 'soon'")]
    [InlineData("SymRatchet:Suites:0", "Rot13", "SymRatchet:Suites:0: 'Rot13' is not a suite")]
    [InlineData("SymRatchet:Suites:0", "Aegis256, Aes256Gcm", "'Aegis256, Aes256Gcm' is not a suite")]
    [InlineData("SymRatchet:MaxRecordSize", "3", "MaxRecordSize is 3")]
    [InlineData("SymRatchet:HandshakeTimeout", "10", "HandshakeTimeout is 10.00:00:00")]
    [InlineData("SymRatchet:HandshakeTimeout", "60.00:00:00", "HandshakeTimeout is 60.00:00:00")]
    [InlineData("SymRatchet:HandshakeLimiter:MaxPending", "0", "HandshakeLimiter.MaxPending is 0")]
    [InlineData(
        "SymRatchet:HandshakeLimiter:MaxPendingPerAddress",
        "-1",
        "HandshakeLimiter.MaxPendingPerAddress is -1"
    )]
    [InlineData("SymRatchet:HandshakeLimiter:MaxPendingPerId", "0", "HandshakeLimiter.MaxPendingPerId is 0")]
    public async Task A_wrong_setting_fails_the_start_and_names_itself(string key, string value, string complaint)
    {
        OptionsValidationException error = await Assert.ThrowsAsync<OptionsValidationException>(() =>
            WebServer.StartAsync((key, value))
        );
        Assert.Contains(complaint, error.Message, StringComparison.Ordinal);
    }
}
