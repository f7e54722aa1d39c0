using System.Net.Sockets;
using SymRatchet.Stress.Ends;

namespace SymRatchet.Stress.Scenarios;

/// <summary>
/// A channel to a connection handler under Kestrel that sends everything back: half-closes, aborts and resets.
/// </summary>
internal sealed class EchoScenario : IScenario
{
    public string Name => "echo";

    public int Weight => 2;

    public async Task RunAsync(Step step)
    {
        Random random = step.Random;
        int ending = random.Next(5);
        string id = step.Run.Identities.New(step, KeyEvolution.Forward, out PreSharedKey key);
        using PreSharedKey own = key;
        Connection connection = new($"ending {ending}", () => step.Now);
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(step.Run.Web.Echo);
        SecureChannelClientOptions options = new() { Key = key, LoggerFactory = step.Run.Log };
        Direction bytes = new((ulong)random.NextInt64());
        Party party = new()
        {
            Step = step,
            Name = "client",
            Connection = connection,
            Socket = socket,
            Unruly = null,
            Channel = await step.CallAsync(
                "ConnectAsync",
                connection,
                default,
                () => SecureChannel.ConnectAsync(new NetworkStream(socket, ownsSocket: true), options)
            ),
            Out = bytes,
            In = bytes,
        };
        party.Face = random.Next(3) switch
        {
            0 => new RawFace(party),
            1 => new StreamFace(party, random),
            _ => new PipeFace(party, random),
        };
        connection.Plan += $", {party.Face.GetType().Name}";
        if (ending > 1)
            connection.AllowFailure();
        Random reads = step.NewRandom(),
            writes = step.NewRandom();
        Task reading = Task.Run(() => Loops.ReadAsync(party, reads, cancels: true));
        Task writing = Task.Run(() => Loops.WriteAsync(party, writes, random.NextInt64(1_000_000), cancels: false));
        if (ending > 1)
        {
            await Task.Delay(random.Next(30));
            if (ending == 2)
                party.Abort();
            else if (ending == 3)
                await party.DisposeAsync(random, channelFirst: false);
            else
            {
                connection.End();
                if (random.Next(2) == 0)
                    SocketLink.Reset(socket);
                else
                    await step.Run.Identities.RevokeAsync(step, id);
            }
        }

        await Task.WhenAll(reading, writing);
        if (!connection.MayFail && bytes.TakeEnd() is { } wrong)
            step.Fail($"the echo is not whole: {wrong}", connection);
        await party.DisposeAsync(random, channelFirst: false);
        SocketLink.Reset(socket);
        step.Run.Count(bytes.Received);
        await step.Run.Identities.DropLaterAsync(step, id);
    }
}
