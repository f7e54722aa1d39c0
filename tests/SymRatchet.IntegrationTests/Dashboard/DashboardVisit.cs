using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using SymRatchet.IntegrationTests.Processes;
using SymRatchet.IntegrationTests.Samples;

namespace SymRatchet.IntegrationTests.Dashboard;

/// <summary>A server with its page, and a browser that looks at it.</summary>
internal sealed class DashboardVisit : IAsyncDisposable
{
    internal const string At = "dashboard at ";

    private readonly ConcurrentQueue<string> _complaints = [];
    private readonly ConcurrentQueue<string> _asked = [];

    private DashboardVisit(ServerProcess server, IPage page, string address)
    {
        Server = server;
        Page = page;
        Address = address;
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning")
                _complaints.Enqueue(message.Text);
        };
        page.PageError += (_, error) => _complaints.Enqueue(error);
        page.Request += (_, request) => _asked.Enqueue(request.Url);
    }

    internal ServerProcess Server { get; }

    internal IPage Page { get; }

    internal string Address { get; }

    internal static async Task<DashboardVisit> StartAsync(
        Chromium chromium,
        ColorScheme colours = ColorScheme.Light,
        params string[] args
    )
    {
        var server = await ServerProcess.StartAsync(["--dashboard", "127.0.0.1:0", .. args]);
        string line = await server.Process.WaitForOutputAsync(At);
        DashboardVisit visit = new(server, await chromium.OpenAsync(colours), line[At.Length..]);
        await visit.Page.GotoAsync(visit.Address);
        await visit.Expect("#connection").ToHaveTextAsync("live");
        return visit;
    }

    /// <summary>A key as the demonstration gives it to this client.</summary>
    internal static PreSharedKey KeyOf(string client) =>
        PreSharedKey.Import(client, SHA256.HashData(Encoding.ASCII.GetBytes($"client{client}_master_k")));

    internal async Task<FieldVisit> JoinAsync(string client)
    {
        using PreSharedKey key = KeyOf(client);
        return await FieldVisit.ConnectAsync(Server, key);
    }

    internal ILocator Find(string selector) => Page.Locator(selector);

    internal ILocatorAssertions Expect(string selector) => Assertions.Expect(Find(selector));

    /// <summary>The row of a client.</summary>
    internal ILocator RowOf(string client) =>
        Page.GetByRole(AriaRole.Row)
            .Filter(
                new LocatorFilterOptions
                {
                    Has = Page.GetByRole(AriaRole.Rowheader, new PageGetByRoleOptions { Name = client, Exact = true }),
                }
            );

    internal async Task<string> FingerprintOfAsync(string client) =>
        (await RowOf(client).Locator("code").TextContentAsync())!;

    /// <summary>Asserts that the page complains of nothing and asked nobody but its own server.</summary>
    internal void AssertClean()
    {
        Assert.Empty(_complaints);
        Assert.NotEmpty(_asked);
        Assert.All(
            _asked,
            url =>
                Assert.StartsWith(
                    url.StartsWith("data:", StringComparison.Ordinal) ? "data:," : Address,
                    url,
                    StringComparison.Ordinal
                )
        );
    }

    internal async Task AssertAccessibleAsync()
    {
        AxeResult result = await Page.RunAxe();
        Assert.Empty(
            result.Violations.Select(violation =>
                $"{violation.Id}: {violation.Help}: {string.Join(" | ", violation.Nodes.Select(node => node.Html))}"
            )
        );
        Assert.Contains(result.Passes, rule => rule.Id == "color-contrast");
    }

    public async ValueTask DisposeAsync()
    {
        await Page.CloseAsync();
        await Server.DisposeAsync();
    }
}
