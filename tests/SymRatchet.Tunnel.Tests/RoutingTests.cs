using System.Net.Sockets;
using SymRatchet.Tunnel.Routing;

namespace SymRatchet.Tunnel.Tests;

public sealed class RoutingTests
{
    [Theory]
    [InlineData("sensor-*", "sensor-1", true)]
    [InlineData("sensor-*", "sensor-", true)]
    [InlineData("sensor-*", "Sensor-1", false)]
    [InlineData("sensor-*", "a-sensor-1", false)]
    [InlineData("*", "anything", true)]
    [InlineData("*-?", "a-b-c", true)]
    [InlineData("*-?", "a-b-cd", false)]
    [InlineData("a*b*c", "aXbYbZc", true)]
    [InlineData("a*b*c", "aXbYbZ", false)]
    [InlineData("exact", "exact", true)]
    [InlineData("exact", "exactly", false)]
    [InlineData("0x*", "0xff00", true)]
    public void Patterns_match_whole_ids(string pattern, string id, bool matches) =>
        Assert.Equal(matches, new IdPattern(pattern).Matches(id));

    [Fact]
    public void A_pattern_with_many_stars_takes_no_exponential_time() =>
        Assert.False(new IdPattern(string.Concat(Enumerable.Repeat("*a", 60)) + "b").Matches(new string('a', 255)));

    [Fact]
    public async Task The_first_route_that_matches_leads_to_its_target_and_others_to_the_default()
    {
        foreach ((string id, bool isRouted) in ((string, bool)[])[("ops-1", true), ("sensor-1", false)])
            await CheckAsync(id, isRouted);

        static async Task CheckAsync(string id, bool isRouted)
        {
            using Socket other = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            other.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0));
            other.Listen();
            string target = TunnelEndPoint.From(other.LocalEndPoint!).ToString();
            await using TunnelPair pair = await TunnelPair.StartAsync(
                server: options =>
                {
                    options.Routes.Add(new TunnelRoute { Id = "ops-*", Forward = target });
                    options.Routes.Add(new TunnelRoute { Id = "*-1", Forward = options.Forward });
                },
                id: id
            );
            using Socket application = await pair.ConnectAsync();
            using Socket found = await (isRouted ? other : pair.Target).AcceptAsync().WaitAsync(Wait.Limit);
            await application.SendAllAsync(new byte[] { 7 });
            Assert.Equal([7], await found.ReadAsync(1));
        }
    }

    [Fact]
    public async Task An_id_that_is_not_allowed_or_has_no_route_is_reset()
    {
        await using (TunnelPair pair = await TunnelPair.StartAsync(server: options => options.Allow.Add("ops-*")))
            await IsRefusedAsync(pair, "was refused: the id is not allowed");
        await using (
            TunnelPair pair = await TunnelPair.StartAsync(server: options =>
            {
                options.Routes.Add(new TunnelRoute { Id = "ops-*", Forward = options.Forward });
                options.Forward = null;
            })
        )
            await IsRefusedAsync(pair, "was refused: no route is for the id");
    }

    [Fact]
    public async Task Limits_for_a_client_and_in_all_reset_what_is_above_them_until_one_ends()
    {
        await using (TunnelPair pair = await TunnelPair.StartAsync(server: options => options.MaxConnectionsPerId = 2))
            await HoldsTwoAsync(pair, "the limit of 2 connections for one id is reached");
        await using (TunnelPair pair = await TunnelPair.StartAsync(server: options => options.MaxConnections = 2))
            await HoldsTwoAsync(pair, "the limit of 2 connections is reached");
        await using (TunnelPair pair = await TunnelPair.StartAsync(client: options => options.MaxConnections = 2))
            await HoldsTwoAsync(pair, "the limit of 2 connections is reached");
    }

    [Fact]
    public async Task A_target_that_does_not_answer_is_given_up_after_its_time()
    {
        // A full backlog drops the handshakes of further connections.
        using Socket full = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        full.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0));
        full.Listen(0);
        List<Socket> fillers = [];
        for (int i = 0; i < 8; i++)
        {
            Socket filler = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            fillers.Add(filler);
            _ = filler.ConnectAsync(full.LocalEndPoint!).ContinueWith(static done => _ = done.Exception);
        }

        await Task.Delay(200);
        await using TunnelPair pair = await TunnelPair.StartAsync(server: options =>
        {
            options.Forward = TunnelEndPoint.From(full.LocalEndPoint!).ToString();
            options.TargetTimeout = TimeSpan.FromSeconds(0.5);
        });
        await IsRefusedAsync(pair, "found no target: not connected within 0.5 s");
        fillers.ForEach(filler => filler.Dispose());
    }

    [Fact]
    public async Task New_options_are_for_new_connections_and_the_others_go_on()
    {
        await using TunnelPair pair = await TunnelPair.StartAsync();
        (Socket application, Socket target) = await pair.OpenAsync();
        using Socket first = application;
        using Socket second = target;
        using Socket other = pair.Listen(unix: false, "other");

        pair.Server.Reload(
            new TunnelServerOptions(pair.ServerOptions)
            {
                Forward = TunnelEndPoint.From(other.LocalEndPoint!).ToString(),
            }
        );
        using Socket later = await pair.ConnectAsync();
        using Socket found = await other.AcceptAsync().WaitAsync(Wait.Limit);
        await application.SendAllAsync(new byte[] { 1 });
        Assert.Equal([1], await target.ReadAsync(1));

        pair.Server.Reload(new TunnelServerOptions(pair.ServerOptions) { Allow = ["nobody"] });
        await pair.IsResetAsync();
        await target.SendAllAsync(new byte[] { 2 });
        Assert.Equal([2], await application.ReadAsync(1));

        Assert.Throws<ArgumentException>(() =>
            pair.Server.Reload(new TunnelServerOptions(pair.ServerOptions) { Listen = "127.0.0.1:1" })
        );
        Assert.Throws<ArgumentException>(() =>
            pair.Client.Reload(new TunnelClientOptions(pair.ClientOptions) { Connect = null })
        );
        using var wrong = PreSharedKey.Generate("sensor-1");
        TunnelClientOptions changed = new(pair.ClientOptions);
        changed.Channel.Key = wrong;
        pair.Client.Reload(changed);
        await pair.IsResetAsync();
        await Wait.UntilAsync(() => pair.Ends.Any(line => line.Contains("found no channel", StringComparison.Ordinal)));
    }

    private static async Task IsRefusedAsync(TunnelPair pair, string reason)
    {
        await pair.IsResetAsync();
        await Wait.UntilAsync(() => pair.Ends.Any(line => line.Contains(reason, StringComparison.Ordinal)));
    }

    private static async Task HoldsTwoAsync(TunnelPair pair, string reason)
    {
        (Socket Application, Socket Target) one = await pair.OpenAsync();
        (Socket Application, Socket Target) two = await pair.OpenAsync();
        await IsRefusedAsync(pair, reason);
        one.Application.Reset();
        Assert.Null(await one.Target.ReadToEndAsync());
        await Wait.UntilAsync(() => pair.Server.ConnectionCount == 1 && pair.Client.ConnectionCount == 1);
        (Socket Application, Socket Target) three = await pair.OpenAsync();
        foreach (Socket socket in (Socket[])[one.Target, two.Application, two.Target, three.Application, three.Target])
            socket.Dispose();
    }
}
