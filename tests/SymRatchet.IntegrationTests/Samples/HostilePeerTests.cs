using System.Net.Sockets;
using SymRatchet.IntegrationTests.Processes;

namespace SymRatchet.IntegrationTests.Samples;

/// <summary>
/// What strangers and broken clients do on the wire: a logged end of their own connection, and the others are served.
/// </summary>
public sealed class HostilePeerTests
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    public static TheoryData<string, byte[], string> Bytes =>
        new()
        {
            { "4 GiB announced", [0xff, 0xff, 0xff, 0xff, 10, 1], "Limit" },
            { "2 GiB announced", [0x80, 0, 0, 0, 10, 1], "Limit" },
            { "no length at all", [0, 0, 0, 0], "Malformed" },
            {
                "rubbish",
                [.. "\0\0\0\u0040GET / HTTP/1.1\r\nHost: example.org\r\nAccept: anything at all, really"u8],
                "UnexpectedMessage"
            },
            { "half a frame", [0, 0, 0, 0x4b, 10, 1, 0, 0], "Truncated" },
            { "half a length", [0, 0], "Truncated" },
            { "a hang-up", [], "Truncated" },
        };

    [Theory]
    [MemberData(nameof(Bytes))]
    public async Task Before_the_handshake(string what, byte[] bytes, string expected)
    {
        await using var server = await ServerProcess.StartAsync("--protocol", "seed");
        await using (NetworkStream wire = await server.ConnectAsync())
        {
            await wire.WriteAsync(bytes);
            wire.Socket.Shutdown(SocketShutdown.Send);
            await DrainAsync(wire);
        }

        string line = await server.Process.WaitForErrorAsync("Handshake as Server");
        Assert.True(line.Contains($"failed: {expected}", StringComparison.Ordinal), $"{what}: {line}");
        await server.AssertServesAsync();
    }

    [Theory]
    [MemberData(nameof(Bytes))]
    public async Task After_the_handshake(string what, byte[] bytes, string expected)
    {
        await using var server = await ServerProcess.StartAsync("--protocol", "seed");
        await using (var visit = await FieldVisit.ConnectAsync(server, 1))
        {
            Assert.Equal("Aggregated: 4.00", await visit.RoundAsync("4"));
            await visit.Wire.WriteAsync(bytes);
            visit.Wire.Socket.Shutdown(SocketShutdown.Send);
            await DrainAsync(visit.Wire);
        }

        // The original's clients hang up without a word between two rounds: the one case that is not a failure.
        string line = await server.Process.WaitForErrorAsync("Session of client 1");
        string wanted =
            what == "a hang-up" ? "ended after 1 rounds" : $"terminated after 1 rounds: ChannelFailed: {expected}";
        Assert.True(line.Contains(wanted, StringComparison.Ordinal), $"{what}: {line}");
        await server.AssertServesAsync();
    }

    [Theory]
    [InlineData("")]
    [InlineData("1,,2")]
    [InlineData("one")]
    [InlineData("1, NaN")]
    [InlineData("-Infinity")]
    [InlineData("1e400")]
    public async Task A_contribution_that_is_none_ends_that_session_with_a_logged_reason(string contribution)
    {
        await using var server = await ServerProcess.StartAsync("--protocol", "seed");
        await using var good = await FieldVisit.ConnectAsync(server, 1);
        await using var bad = await FieldVisit.ConnectAsync(server, 2);
        await good.RoundAsync("1");
        var e = await Assert.ThrowsAsync<SecureChannelException>(() => bad.RoundAsync(contribution));
        Assert.Equal(SecureChannelError.TerminatedByPeer, e.Error);
        await server.Process.WaitForErrorAsync(
            "Session of client 2 was terminated after 0 rounds: BadContribution: number "
        );
        Assert.Equal("Aggregated: 5.00", await good.RoundAsync("5"));
    }

    [Fact]
    public async Task Who_says_nothing_is_let_go_and_holds_up_nobody()
    {
        await using var server = await ServerProcess.StartAsync(
            "--protocol",
            "seed",
            "--handshake-timeout",
            "5",
            "--idle-timeout",
            "10"
        );
        await using NetworkStream silent = await server.ConnectAsync();
        await using var idle = await FieldVisit.ConnectAsync(server, 1);
        await server.AssertServesAsync();
        await DrainAsync(silent);
        await server.Process.WaitForErrorAsync("failed: Timeout");
        await server.Process.WaitForErrorAsync("Session of client 1 was terminated after 0 rounds: Idle");
    }

    [Fact]
    public async Task A_thousand_connections_that_say_nothing_do_not_keep_clients_out()
    {
        await using var server = await ServerProcess.StartAsync("--protocol", "seed");
        List<NetworkStream> silent = [];
        try
        {
            for (int i = 0; i < 1000; i++)
                silent.Add(await server.ConnectAsync());
            await server.AssertServesAsync();
        }
        finally
        {
            foreach (NetworkStream wire in silent)
                await wire.DisposeAsync();
        }
    }

    /// <summary>Reads what the server still says, until it hangs up.</summary>
    private static async Task DrainAsync(NetworkStream wire)
    {
        using CancellationTokenSource limit = new(Timeout);
        byte[] buffer = new byte[256];
        try
        {
            while (await wire.ReadAsync(buffer, limit.Token) > 0)
                continue;
        }
        catch (IOException)
        {
            // A reset is a hang-up too.
        }
    }
}
