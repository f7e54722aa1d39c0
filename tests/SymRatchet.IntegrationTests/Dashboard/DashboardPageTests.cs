using System.Runtime.InteropServices;
using Microsoft.Playwright;
using SymRatchet.IntegrationTests.Processes;
using SymRatchet.IntegrationTests.Samples;

namespace SymRatchet.IntegrationTests.Dashboard;

/// <summary>The page in a real browser, with real clients and real attacks at the server behind it.</summary>
public sealed class DashboardPageTests(Chromium chromium) : IClassFixture<Chromium>
{
    [ChromiumFact]
    public async Task It_shows_clients_joining_rounds_advancing_and_clients_leaving()
    {
        await using var visit = await DashboardVisit.StartAsync(
            chromium,
            args: ["--close", "all-present", "--quorum", "2"]
        );
        await visit.Expect("#client-rows").ToContainTextAsync("No client is connected.");
        await using FieldVisit one = await visit.JoinAsync("1");
        await using FieldVisit two = await visit.JoinAsync("2");
        await visit.Expect("#client-count").ToHaveTextAsync("2");
        await Assertions.Expect(visit.RowOf("1")).ToContainTextAsync($"{one.Channel.Peer.Suite}");
        await Assertions
            .Expect(visit.RowOf("1").GetByRole(AriaRole.Cell).Nth(1))
            .ToHaveTextAsync($"{one.Channel.Peer.Epoch}");
        await visit.Expect("#news").ToContainTextAsync("joined");

        HashSet<string> fingerprints = [await visit.FingerprintOfAsync("1")];
        for (int round = 1; round <= 3; round++)
        {
            Task<string?> first = one.RoundAsync($"{10 * round}");
            await visit
                .Expect("#open-round")
                .ToHaveTextAsync($"Round {round} is open: 1 of 2 clients have contributed.");
            await Assertions.Expect(visit.RowOf("1")).ToContainTextAsync("waits for its round");
            Assert.True(fingerprints.Add(await visit.FingerprintOfAsync("1"))); // a message came

            Assert.Equal($"Aggregated: {15 * round}.00", await two.RoundAsync($"{20 * round}"));
            await first;
            await visit.Expect("#rounds-closed").ToHaveTextAsync($"{round}");
            await visit.Expect("#last-aggregate").ToHaveTextAsync($"{15 * round}.00");
            await Assertions.Expect(visit.RowOf("1")).ToContainTextAsync("ready");
            await Assertions.Expect(visit.RowOf("1").GetByRole(AriaRole.Cell).Nth(2)).ToHaveTextAsync($"{round}");
            await Assertions.Expect(visit.RowOf("1").GetByRole(AriaRole.Cell).Nth(3)).ToHaveTextAsync($"{2 * round}");
            Assert.True(fingerprints.Add(await visit.FingerprintOfAsync("1"))); // the answer went
            await visit.Expect("#plot circle").ToHaveCountAsync(round);
        }

        await visit
            .Expect("#plot")
            .ToHaveAttributeAsync(
                "aria-label",
                "Aggregates of the last 3 rounds, from 15.00 to 45.00; the last is 45.00 in round 3."
            );
        await one.Channel.CloseAsync();
        await visit.Expect("#client-count").ToHaveTextAsync("1");
        await Assertions.Expect(visit.RowOf("1")).ToHaveCountAsync(0);
        await visit.Expect("#failure-count").ToHaveTextAsync("0");
        visit.AssertClean();
    }

    [ChromiumFact]
    public async Task It_shows_attacks_being_refused_while_the_honest_are_served()
    {
        await using var visit = await DashboardVisit.StartAsync(chromium);
        await using FieldVisit honest = await visit.JoinAsync("1");
        await visit.Expect("#reasons").ToContainTextAsync("Nothing was refused so far.");

        using (var wrong = PreSharedKey.Import("2", new byte[PreSharedKey.Size]))
            await Assert.ThrowsAsync<SecureChannelException>(() => FieldVisit.ConnectAsync(visit.Server, wrong));
        await visit.Expect("#failure-count").ToHaveTextAsync("1");
        await visit.Expect("#failure-list li >> nth=0").ToContainTextAsync("Authentication 127.0.0.1:");

        await using (var wire = await visit.Server.ConnectAsync())
        {
            await wire.WriteAsync("GET / HTTP/1.1\r\nHost: example.org\r\n\r\n"u8.ToArray());
            await visit.Expect("#failure-count").ToHaveTextAsync("2");
            await visit.Expect("#failure-list li >> nth=0").ToContainTextAsync("Malformed 127.0.0.1:");
        }

        // One that has its key and sends what is not a contribution: markup, to see that nobody takes it for such.
        await using (FieldVisit dishonest = await visit.JoinAsync("3"))
            await Assert.ThrowsAsync<SecureChannelException>(() =>
                dishonest.RoundAsync("<img src=x onerror=alert(1)>")
            );
        await visit.Expect("#failure-list li >> nth=0").ToContainTextAsync("Bad contribution 3 at 127.0.0.1:");
        await visit.Expect("#failure-count").ToHaveTextAsync("3");
        await visit.Expect("#reasons tr").ToHaveCountAsync(3);
        await visit.Expect("#news").ToContainTextAsync("Refused: ");

        Assert.Equal("Aggregated: 4.00", await honest.RoundAsync("4"));
        await visit.Expect("#last-aggregate").ToHaveTextAsync("4.00");
        await visit.Expect("#client-count").ToHaveTextAsync("1");
        visit.AssertClean();
    }

    [ChromiumFact]
    public Task It_can_be_read_by_everybody_in_light_colours() => LookAsync(ColorScheme.Light);

    [ChromiumFact]
    public Task It_can_be_read_by_everybody_in_dark_colours() => LookAsync(ColorScheme.Dark);

    [ChromiumFact]
    public async Task It_can_be_used_and_held_by_keyboard()
    {
        await using var visit = await DashboardVisit.StartAsync(chromium);
        await visit.AssertAccessibleAsync();
        await visit.Page.Keyboard.PressAsync("Tab");
        await visit.Expect(".skip").ToBeFocusedAsync();
        await visit.Page.Keyboard.PressAsync("Enter");
        await visit.Expect("#clients").ToBeFocusedAsync();
        await visit.Page.Keyboard.PressAsync("Tab");
        await visit.Expect("#clients .scroll").ToBeFocusedAsync();

        await visit.Find("#pause").FocusAsync();
        await visit.Page.Keyboard.PressAsync("Space");
        await visit.Expect("#pause").ToHaveAttributeAsync("aria-pressed", "true");
        await using FieldVisit late = await visit.JoinAsync("4");
        await late.RoundAsync("4");
        await visit.Page.EvaluateAsync(
            "() => new Promise(told => new EventSource('/events').addEventListener('view', told))"
        );
        await visit.Expect("#client-count").ToHaveTextAsync("0");
        await visit.Page.Keyboard.PressAsync("Space");
        await visit.Expect("#client-count").ToHaveTextAsync("1");
        visit.AssertClean();
    }

    [ChromiumFact]
    public async Task It_says_when_the_server_is_gone_and_does_not_keep_it_from_going()
    {
        await using var visit = await DashboardVisit.StartAsync(chromium);
        visit.Server.Process.Signal(PosixSignal.SIGTERM);
        SampleResult stopped = await visit.Server.Process.WaitForExitAsync();
        Assert.Equal(0, stopped.ExitCode);
        Assert.Contains(
            "Stopping: every session is ended in order.",
            Assert.Single(stopped.Error),
            StringComparison.Ordinal
        );
        await visit.Expect("#connection").ToHaveTextAsync("reconnecting");
    }

    private async Task LookAsync(ColorScheme colours)
    {
        await using var visit = await DashboardVisit.StartAsync(chromium, colours);
        await using FieldVisit one = await visit.JoinAsync("1");
        await one.RoundAsync("1, 2");
        await one.RoundAsync("3");
        await using (FieldVisit bad = await visit.JoinAsync("2"))
            await Assert.ThrowsAsync<SecureChannelException>(() => bad.RoundAsync("no number"));
        await visit.Expect("#failure-count").ToHaveTextAsync("1");
        await visit.Find("summary").ClickAsync();
        await visit.Expect("#rounds tr").ToHaveCountAsync(2);
        await visit.AssertAccessibleAsync();
    }
}
