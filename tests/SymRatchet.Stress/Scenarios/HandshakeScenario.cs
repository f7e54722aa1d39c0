using System.Net.Sockets;
using SymRatchet.Stress.Ends;

namespace SymRatchet.Stress.Scenarios;

/// <summary>
/// Handshakes that are cancelled or cut at random moments, on either side; then an honest one, which succeeds at
/// once.
/// </summary>
internal sealed class HandshakeScenario : IScenario
{
    public string Name => "handshake";

    public int Weight => 3;

    public async Task RunAsync(Step step)
    {
        Random random = step.Random;
        string id = step.Run.Identities.New(
            step,
            random.Next(3) == 0 ? KeyEvolution.None : KeyEvolution.Forward,
            out PreSharedKey key
        );
        using PreSharedKey own = key;
        for (int i = random.Next(1, 6); i >= 0; i--)
            await BreakAsync(step, key);
        await BreakAsync(step, key, isHonest: true);
        if (step.Chance(0.3))
        {
            Task breaking = BreakAsync(step, key, isHonest: true, mayBeRevoked: true);
            await step.Run.Identities.RevokeAsync(step, id);
            await breaking;
        }

        step.Run.Identities.Drop(step, id);
    }

    private static async Task BreakAsync(Step step, PreSharedKey key, bool isHonest = false, bool mayBeRevoked = false)
    {
        Random random = step.NewRandom();
        Connection connection = new(isHonest ? "an honest handshake" : "a broken handshake", () => step.Now);
        if (!isHonest || mayBeRevoked)
            connection.AllowFailure();
        using SocketLink link = await SocketLink.CreateAsync(random);
        CancellationToken client = !isHonest && random.Next(2) == 0 ? Step.Soon(random) : default;
        CancellationToken server = !isHonest && random.Next(2) == 0 ? Step.Soon(random) : default;
        SecureChannelClientOptions options = new()
        {
            Key = key,
            SendBeforeConfirm = random.Next(2) == 0,
            LoggerFactory = step.Run.Log,
        };
        Task<ISecureChannel?> connecting = TryAsync(
            step,
            connection,
            "ConnectAsync",
            client,
            () => SecureChannel.ConnectAsync(Over(link.Client, random), options, client)
        );
        Task<ISecureChannel?> accepting = TryAsync(
            step,
            connection,
            "AcceptAsync",
            server,
            () => SecureChannel.AcceptAsync(Over(link.Server, random), step.Run.ServerOptions, server)
        );
        if (!isHonest && random.Next(2) == 0)
        {
            Thread.SpinWait(random.Next(50_000));
            connection.End();
            SocketLink.Reset(random.Next(2) == 0 ? link.Client : link.Server);
        }

        foreach (ISecureChannel? channel in await Task.WhenAll(connecting, accepting))
        {
            if (channel is not null)
                await step.CallAsync("DisposeAsync", connection, default, channel.DisposeAsync);
        }
    }

    private static Stream Over(Socket socket, Random random)
    {
        NetworkStream stream = new(socket, ownsSocket: true);
        return random.Next(3) == 0 ? new UnrulyStream(stream) : stream;
    }

    private static async Task<ISecureChannel?> TryAsync(
        Step step,
        Connection connection,
        string what,
        CancellationToken token,
        Func<ValueTask<ISecureChannel>> call
    )
    {
        try
        {
            return await step.CallAsync(what, connection, token, call);
        }
        catch (OperationCanceledException) when (token.IsCancellationRequested)
        {
            connection.End();
            return null;
        }
        catch (SecureChannelException e)
            when (connection.MayFail
                && e.Error
                    is not (
                        SecureChannelError.Malformed
                        or SecureChannelError.UnexpectedMessage
                        or SecureChannelError.UnexpectedRound
                    )
            )
        {
            connection.End();
            return null;
        }
        catch (Exception e)
        {
            step.Fail($"{what} threw {e}", connection);
            return null;
        }
    }
}
