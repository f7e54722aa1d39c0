using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;

namespace SymRatchet.Tunnel.PropertyTests;

/// <summary>
/// Whatever happens to the four sockets of a connection, and in whatever order: each application sees either all bytes
/// of the other and an orderly end, or an error.
/// </summary>
public sealed class EndProperties : IAsyncLifetime
{
    private TunnelPair _tcp = null!;
    private TunnelPair _unix = null!;

    public static Arbitrary<(Step Step, int Size, int Delay)[]> Schedules() =>
        Arb.From(
            from steps in Gen.Frequency(
                    (8, Gen.Elements(Step.SendA, Step.SendB)),
                    (2, Gen.Elements(Step.HalfCloseA, Step.HalfCloseB)),
                    (1, Gen.Elements(Step.CloseA, Step.CloseB, Step.ResetA, Step.ResetB)),
                    (1, Gen.Elements(Step.KillClient, Step.KillServer))
                )
                .ArrayOf()
            from sizes in Gen.Frequency((3, Gen.Choose(1, 3000)), (1, Gen.Choose(1, 400_000))).ArrayOf(steps.Length)
            from delays in Gen.Frequency((3, Gen.Constant(0)), (1, Gen.Choose(1, 5))).ArrayOf(steps.Length)
            select steps.Select((step, i) => (step, sizes[i], delays[i])).ToArray(),
            steps => steps.Select((_, i) => steps.Where((_, other) => other != i).ToArray())
        );

    public async Task InitializeAsync()
    {
        _tcp = await TunnelPair.StartAsync();
        _unix = await TunnelPair.StartAsync(unix: true);
    }

    public async Task DisposeAsync()
    {
        await _tcp.DisposeAsync();
        await _unix.DisposeAsync();
    }

    [Property(MaxTest = 300, Arbitrary = [typeof(EndProperties)])]
    public Task Over_TCP_no_truncated_stream_ends_in_order((Step, int, int)[] schedule) => RunAsync(_tcp, schedule, 0);

    // A Unix socket can be reset only after its application has sent something.
    [Property(MaxTest = 300, Arbitrary = [typeof(EndProperties)])]
    public Task Over_a_Unix_socket_no_truncated_stream_ends_in_order((Step, int, int)[] schedule) =>
        RunAsync(_unix, schedule, 1);

    // The platform shuts a socket down before it closes it, if a call is in progress: to the application an orderly end.
    [Fact]
    public async Task A_Unix_socket_is_reset_also_while_its_application_sends()
    {
        for (int i = 0; i < 200; i++)
            await RunAsync(
                _unix,
                [
                    (Step.SendA, 145_481, 5),
                    (Step.SendB, 1479, 0),
                    (Step.HalfCloseB, 0, 0),
                    (Step.KillClient, 0, 0),
                    (Step.SendA, 2435, 0),
                ],
                1
            );
    }

    private static async Task RunAsync(TunnelPair pair, (Step Step, int Size, int Delay)[] schedule, int first)
    {
        (var clientSocket, var targetSocket) = await pair.OpenAsync();
        using var one = clientSocket;
        using var two = targetSocket;
        Application a = new(one, 1);
        Application b = new(two, 100);
        if (first > 0)
        {
            await Task.WhenAll(a.SendAsync(first), b.SendAsync(first));
            await Wait.UntilAsync(() => Carried(pair).All(connection => connection.HasReceivedBothWays));
        }

        bool isCut = false;
        foreach ((Step step, int size, int delay) in schedule)
        {
            switch (step)
            {
                case Step.SendA:
                    await a.SendAsync(size);
                    break;
                case Step.SendB:
                    await b.SendAsync(size);
                    break;
                case Step.HalfCloseA:
                    a.HalfClose();
                    break;
                case Step.HalfCloseB:
                    b.HalfClose();
                    break;
                case Step.CloseA:
                    a.Close();
                    break;
                case Step.CloseB:
                    b.Close();
                    break;
                case Step.ResetA:
                    a.Reset();
                    break;
                case Step.ResetB:
                    b.Reset();
                    break;
                case Step.KillClient:
                    KillAll(pair.Client.Connections);
                    break;
                default:
                    KillAll(pair.Server.Connections);
                    break;
            }

            isCut |= step > Step.HalfCloseB;
            if (delay > 0)
                await Task.Delay(delay);
        }

        // What is not over ends in order now.
        a.HalfClose();
        b.HalfClose();
        await CheckAsync(b, a, isCut);
        await CheckAsync(a, b, isCut);
        a.Close();
        b.Close();
        foreach (TunnelConnection connection in Carried(pair))
            connection.Abort("the case is over");
        await Wait.UntilAsync(() => !Carried(pair).Any());
    }

    private static async Task CheckAsync(Application sender, Application receiver, bool isCut)
    {
        if (receiver.IsGone)
            return;
        byte[]? received = await receiver.Received.WaitAsync(Wait.Limit);
        if (received is null)
        {
            Assert.True(isCut, "an error without a cause");
            return;
        }

        Assert.True(
            sender.HasEnded,
            $"an orderly end after {received.Length} of {sender.Sent} bytes, and no end was sent"
        );
        Assert.True(
            received.AsSpan().SequenceEqual(sender.ExpectedAtPeer),
            $"an orderly end after {received.Length} of {sender.Sent} bytes"
        );
    }

    private static TunnelConnection[] Carried(TunnelPair pair) =>
        [.. pair.Client.Connections.Snapshot(), .. pair.Server.Connections.Snapshot()];

    private static void KillAll(ConnectionSet connections)
    {
        foreach (TunnelConnection connection in connections.Snapshot())
            Killing.Kill(connection);
    }
}
