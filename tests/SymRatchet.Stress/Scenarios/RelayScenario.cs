using System.Net.Sockets;
using SymRatchet.Stress.Ends;

namespace SymRatchet.Stress.Scenarios;

/// <summary>
/// Two plain programs with two relays between them: socket, channel, socket. Half-closes go through; what breaks on
/// one side is an error on the other, and never an orderly end before all has come.
/// </summary>
internal sealed class RelayScenario : IScenario
{
    private enum Ending
    {
        None,
        ResetPlain,
        CancelRelay,
        Revoke,
        ResetChannel,
    }

    public string Name => "relay";

    public int Weight => 3;

    public async Task RunAsync(Step step)
    {
        Random random = step.Random;
        Ending ending = random.Next(2) == 0 ? Ending.None : (Ending)random.Next((int)Ending.ResetChannel + 1);
        int delay = random.Next(50);
        bool isServer = random.Next(2) == 0;
        long there = random.NextInt64(3_000_000),
            back = random.NextInt64(3_000_000);
        if (ending != Ending.None)
            there = back = long.MaxValue;
        await using Pair pair = await Pair.CreateAsync(
            step,
            $"{ending} by the {(isServer ? "server" : "client")} after {delay} ms",
            (party, _) => new RawFace(party)
        );
        Connection connection = pair.Connection;
        if (ending != Ending.None)
            connection.AllowFailure();
        using SocketLink near = await SocketLink.CreateAsync(random);
        using SocketLink far = await SocketLink.CreateAsync(random);
        using CancellationTokenSource canceling = new();
        Direction toServer = new((ulong)random.NextInt64()),
            toClient = new((ulong)random.NextInt64());
        Task[] relays =
        [
            RelayAsync(
                step,
                connection,
                "the client's relay",
                near.Server,
                pair.Client.Channel,
                isServer ? default : canceling.Token
            ),
            RelayAsync(
                step,
                connection,
                "the server's relay",
                far.Client,
                pair.Server.Channel,
                isServer ? canceling.Token : default
            ),
        ];
        Random[] randoms = [step.NewRandom(), step.NewRandom(), step.NewRandom(), step.NewRandom()];
        Task[] plain =
        [
            Task.Run(() => WriteAsync(step, connection, near.Client, toServer, there, randoms[0])),
            Task.Run(() => WriteAsync(step, connection, far.Server, toClient, back, randoms[1])),
            Task.Run(() => ReadAsync(step, connection, near.Client, toClient, randoms[2])),
            Task.Run(() => ReadAsync(step, connection, far.Server, toServer, randoms[3])),
        ];
        if (ending != Ending.None)
        {
            await Task.Delay(delay);
            connection.End();
            if (ending == Ending.CancelRelay)
                await canceling.CancelAsync();
            else if (ending == Ending.Revoke)
                await step.Run.Identities.RevokeAsync(step, pair.Id);
            else
                SocketLink.Reset(
                    (ending, isServer) switch
                    {
                        (Ending.ResetPlain, true) => far.Server,
                        (Ending.ResetPlain, false) => near.Client,
                        (_, true) => pair.Server.Socket,
                        _ => pair.Client.Socket,
                    }
                );
        }

        await Task.WhenAll([.. relays, .. plain]);
        if (ending == Ending.None && !(toServer.HasEnded && toClient.HasEnded))
            step.Fail("nobody disturbed the relay, and yet it did not come to its end", connection);
        step.Run.Count(toServer.Received + toClient.Received);
    }

    private static async Task RelayAsync(
        Step step,
        Connection connection,
        string name,
        Socket plain,
        ISecureChannel channel,
        CancellationToken token
    )
    {
        try
        {
            await step.CallAsync(
                name,
                connection,
                token,
                () => new ValueTask(SecureChannelRelay.RunAsync(plain, channel, token))
            );
        }
        catch (OperationCanceledException) when (token.IsCancellationRequested) { }
        catch (IOException) when (connection.MayFail) { }
        catch (Exception e)
        {
            step.Fail($"{name} threw {e}", connection);
        }
    }

    private static async Task WriteAsync(
        Step step,
        Connection connection,
        Socket socket,
        Direction direction,
        long total,
        Random random
    )
    {
        byte[] bytes = new byte[Sizes.Max];
        try
        {
            while (direction.Offered < total)
            {
                Memory<byte> piece = bytes.AsMemory(0, Sizes.Next(random));
                direction.Offer(piece.Span);
                for (; !piece.IsEmpty; piece = piece[await SendAsync(piece)..]) { }
            }

            direction.End();
            socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e)
        {
            Judge(step, connection, "a plain write", e);
        }

        Task<int> SendAsync(Memory<byte> piece) =>
            step.CallAsync("a plain write", connection, default, () => socket.SendAsync(piece, CancellationToken.None));
    }

    private static async Task ReadAsync(
        Step step,
        Connection connection,
        Socket socket,
        Direction direction,
        Random random
    )
    {
        byte[] bytes = new byte[Sizes.Max];
        try
        {
            while (true)
            {
                Memory<byte> room = bytes.AsMemory(0, Math.Max(1, Sizes.Next(random)));
                int read = await step.CallAsync(
                    "a plain read",
                    connection,
                    default,
                    () => socket.ReceiveAsync(room, CancellationToken.None)
                );
                if (read == 0 && WasReset(socket))
                    return;
                if ((read == 0 ? direction.TakeEnd() : direction.Take(room.Span[..read])) is { } wrong)
                    step.Fail($"behind a relay: {wrong}", connection);
                if (read == 0)
                    return;
            }
        }
        catch (Exception e)
        {
            Judge(step, connection, "a plain read", e);
        }
    }

    // Linux tells of a reset once: where the writer was told, the reader gets 0, as at an orderly end.
    private static bool WasReset(Socket socket)
    {
        const int tcp = 6,
            info = 11;
        const byte closed = 7;
        if (!OperatingSystem.IsLinux())
            return false;
        Span<byte> state = stackalloc byte[1];
        try
        {
            socket.GetRawSocketOption(tcp, info, state);
            return state[0] == closed;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return true;
        }
    }

    private static void Judge(Step step, Connection connection, string what, Exception e)
    {
        if (!connection.MayFail || e is not (SocketException or ObjectDisposedException or Checks.OverdueException))
            step.Fail($"{what} threw {e}", connection);
    }
}
