using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using SymRatchet.IntegrationTests.Processes;
using SymRatchet.IntegrationTests.Samples;
using SymRatchet.TestKit;

namespace SymRatchet.IntegrationTests.Dashboard;

/// <summary>What the page's server gives to whom, without a browser.</summary>
public sealed partial class DashboardServerTests : IDisposable
{
    private readonly HttpClient _http = new();

    public static TheoryData<string> Paths => ["/", "/dashboard.css", "/dashboard.js", "/events"];

    [Theory]
    [MemberData(nameof(Paths))]
    public async Task A_name_of_somebody_else_is_refused_everywhere(string path)
    {
        await using var server = await ServerProcess.StartAsync("--dashboard", "localhost:0");
        Uri address = await AddressAsync(server);
        foreach (
            (string host, HttpStatusCode expected) in new[]
            {
                ("rebound.example", HttpStatusCode.MisdirectedRequest),
                ($"rebound.example:{address.Port}", HttpStatusCode.MisdirectedRequest),
                ("localhost.rebound.example", HttpStatusCode.MisdirectedRequest),
                ($"localhost:{address.Port}", HttpStatusCode.OK),
                ($"127.0.0.1:{address.Port}", HttpStatusCode.OK),
                ($"[::1]:{address.Port}", HttpStatusCode.OK),
            }
        )
        {
            using HttpRequestMessage request = new(HttpMethod.Get, new Uri(address, path));
            request.Headers.Host = host;
            using HttpResponseMessage answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            Assert.True(expected == answer.StatusCode, $"{host}: {answer.StatusCode}");
        }
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public async Task Every_answer_forbids_what_the_page_does_not_need(string path)
    {
        await using var server = await ServerProcess.StartAsync("--dashboard", "127.0.0.1:0");
        using HttpResponseMessage answer = await _http.GetAsync(
            new Uri(await AddressAsync(server), path),
            HttpCompletionOption.ResponseHeadersRead
        );
        HttpResponseHeaders headers = answer.Headers;
        string policy = Assert.Single(headers.GetValues("Content-Security-Policy"));
        Assert.StartsWith(
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';",
            policy,
            StringComparison.Ordinal
        );
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        Assert.Equal("nosniff", Assert.Single(headers.GetValues("X-Content-Type-Options")));
        Assert.Equal("same-origin", Assert.Single(headers.GetValues("Cross-Origin-Resource-Policy")));
        Assert.True(headers.CacheControl!.NoStore);
        Assert.False(headers.Contains("Server"));
        Assert.False(headers.Contains("Access-Control-Allow-Origin"));

        using HttpResponseMessage posted = await _http.PostAsync(new Uri(await AddressAsync(server), path), null);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, posted.StatusCode);
    }

    [Theory]
    [InlineData("dashboard.html")]
    [InlineData("dashboard.css")]
    [InlineData("dashboard.js")]
    public void The_page_knows_no_outside_address(string file)
    {
        string text = File.ReadAllText(Repository.PathOf("samples", "Server", "Dashboard", "Page", file));
        Assert.NotEmpty(text);
        // a name, which nobody fetches
        Assert.All(OutsideAddress().Matches(text), match => Assert.Equal("http://www.w3.org/2000/svg", match.Value));
    }

    [Fact]
    public async Task The_events_tell_of_a_client_and_of_its_leaving()
    {
        await using var server = await ServerProcess.StartAsync("--dashboard", "127.0.0.1:0", "--protocol", "seed");
        await using Stream events = await _http.GetStreamAsync(new Uri(await AddressAsync(server), "/events"));
        using StreamReader reader = new(events);
        await UntilAsync(reader, "\"clients\":[]");
        await using (var visit = await FieldVisit.ConnectAsync(server, 5))
        {
            await UntilAsync(reader, "\"clients\":[{\"client\":\"5\"");
            await visit.RoundAsync("1");
        }

        await UntilAsync(reader, "\"clients\":[]", "\"roundsClosed\":1", "\"aggregate\":1,");
    }

    [Fact]
    public async Task Other_machines_are_let_in_only_where_it_is_asked_for()
    {
        (await SampleProcess.RunAsync("Server", "--listen", "127.0.0.1:0", "--dashboard", "0.0.0.0:0")).AssertFails(
            1,
            "--dashboard-for-all"
        );
        await using var server = await ServerProcess.StartAsync("--dashboard", "0.0.0.0:0", "--dashboard-for-all");
        await server.Process.WaitForErrorAsync("warning: the dashboard on 0.0.0.0:");
    }

    [Fact]
    public async Task A_port_in_use_is_one_clear_line()
    {
        using TcpListener taken = new(IPAddress.Loopback, 0);
        taken.Start();
        SampleResult failed = await SampleProcess.RunAsync(
            "Server",
            "--listen",
            "127.0.0.1:0",
            "--dashboard",
            $"{taken.LocalEndpoint}"
        );
        failed.AssertFails(1, $"cannot listen on {taken.LocalEndpoint}");
    }

    public void Dispose() => _http.Dispose();

    private static async Task<Uri> AddressAsync(ServerProcess server)
    {
        string line = await server.Process.WaitForOutputAsync(DashboardVisit.At);
        return new Uri(line[DashboardVisit.At.Length..]);
    }

    private static async Task UntilAsync(StreamReader events, params string[] parts)
    {
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(30));
        while (await events.ReadLineAsync(limit.Token) is { } line)
        {
            if (parts.All(part => line.Contains(part, StringComparison.Ordinal)))
                return;
        }

        Assert.Fail($"The events ended without {string.Join(" and ", parts)}.");
    }

    [GeneratedRegex("""(https?:|wss?:)?//[\w.-]+\.[\w/.-]+""")]
    private static partial Regex OutsideAddress();
}
