using SymRatchet.Stress.Ends;

namespace SymRatchet.Stress.Scenarios;

/// <summary>
/// Second calls while a first one of the same kind is in progress: each is refused, and disturbs nothing. A close in
/// the midst of a write is such a call.
/// </summary>
internal sealed class NestedScenario : IScenario
{
    public string Name => "nested";

    public int Weight => 3;

    public async Task RunAsync(Step step)
    {
        await using Pair pair = await Pair.CreateAsync(
            step,
            "second calls",
            (party, random) => party.Name == "client" ? new StreamFace(party, random) : new RawFace(party)
        );
        Party client = pair.Client,
            server = pair.Server;
        SecureChannelStream stream = ((StreamFace)client.Face).Stream;
        await ReadTwiceAsync(step, client, server, stream);
        await WriteTwiceAsync(step, client, server, stream);
    }

    private static async Task ReadTwiceAsync(Step step, Party client, Party server, SecureChannelStream stream)
    {
        byte[] first = new byte[step.Random.Next(1, 5_000)];
        byte[] second = new byte[5_000];
        Task<int> reading = client.CallAsync("the first ReadAsync", default, () => stream.ReadAsync(first));
        for (int i = 0; i < 5; i++)
            await MustBeRefusedAsync(client, "a second read", async () => _ = await stream.ReadAsync(second));
        byte[] message = new byte[step.Random.Next(1, 5_000)];
        server.Out.Offer(message);
        await server.CallAsync("SendAsync", default, () => server.Channel.SendAsync(message));
        for (int taken = 0; taken < message.Length; )
        {
            int read = await reading;
            client.Took(first.AsSpan(0, read));
            taken += read;
            if (taken < message.Length)
                reading = client.CallAsync("ReadAsync", default, () => stream.ReadAsync(first));
        }

        if (second.AsSpan().ContainsAnyExcept((byte)0))
            client.Fail("a refused read got bytes");
    }

    private static async Task WriteTwiceAsync(Step step, Party client, Party server, SecureChannelStream stream)
    {
        Random random = step.NewRandom();
        byte[] bytes = new byte[random.Next(4, 40) * 64 * 1024];
        byte[] next = new byte[1];
        bool closes = random.Next(2) == 0;
        client.Out.Offer(bytes);
        if (!closes)
            client.Out.Offer(next);
        Task writing = client.CallAsync("the first WriteAsync", default, () => stream.WriteAsync(bytes));
        Task reading = Task.Run(() => Loops.ReadAsync(server, random, cancels: false));
        int refused = 0;
        while (!writing.IsCompleted)
        {
            try
            {
                if (closes)
                    client.Out.End();
                await client.CallAsync(
                    "a second call",
                    default,
                    () => closes ? stream.CompleteWritesAsync() : stream.WriteAsync(next)
                );

                // Accepted: then the first one was through. If it was not, it fails now, or the reader finds it out.
                break;
            }
            catch (InvalidOperationException)
            {
                if (++refused % 64 == 0)
                    await Task.Yield();
            }
        }

        try
        {
            await writing;
        }
        catch (Exception e)
        {
            client.Fail($"the first write was disturbed by a second {(closes ? "close" : "write")}: {e}");
            client.Abort();
            await reading;
            return;
        }

        client.Abort();
        await reading;
    }

    private static async Task MustBeRefusedAsync(Party party, string what, Func<Task> call)
    {
        try
        {
            await party.CallAsync(what, default, () => new ValueTask(call()));
            party.Fail($"{what} was not refused");
        }
        catch (InvalidOperationException) { }
    }
}
