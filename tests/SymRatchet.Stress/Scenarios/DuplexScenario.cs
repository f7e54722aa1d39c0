using SymRatchet.Stress.Ends;

namespace SymRatchet.Stress.Scenarios;

/// <summary>
/// Two ends with any two faces send and receive at once, over any transport, with calls cancelled at random, until
/// all is said; or until somebody ends it, in one of the ways there are.
/// </summary>
internal sealed class DuplexScenario : IScenario
{
    private enum Ending
    {
        None,
        Abort,
        Dispose,
        Reset,
        Revoke,
        CloseThenReset,
        Deaf,
    }

    public string Name => "duplex";

    public int Weight => 12;

    public async Task RunAsync(Step step)
    {
        Random random = step.Random;
        Ending ending = random.Next(3) == 0 ? Ending.None : (Ending)random.Next((int)Ending.Deaf + 1);
        bool cancelsReads = random.Next(2) == 0;
        bool cancelsWrites = random.Next(4) == 0;
        bool pings = random.Next(2) == 0;
        bool isServer = random.Next(2) == 0;
        int deafTo = ending == Ending.None ? 0 : random.Next(6); // 1: the client never reads; 2: the server never does
        int delay = random.Next(4) == 0 ? 0 : random.Next(60);
        long there = random.NextInt64(2_000_000),
            back = random.NextInt64(2_000_000);
        if (ending != Ending.None && random.Next(2) == 0)
            there = back = long.MaxValue;
        string plan =
            $"{ending} by the {(isServer ? "server" : "client")} after {delay} ms, "
            + $"cancels reads: {cancelsReads}, "
            + $"cancels writes: {cancelsWrites}, pings: {pings}, who does not read: {deafTo}";
        await using Pair pair = await Pair.CreateAsync(step, plan, Face);
        if (cancelsWrites || ending != Ending.None)
            pair.Connection.AllowFailure();
        Party actor = isServer ? pair.Server : pair.Client;
        TaskCompletionSource done = new();
        List<Task> loops = [];
        List<Task> writing = [];
        List<Task> pinging = [];
        foreach (Party party in (Party[])[pair.Client, pair.Server])
        {
            Random reads = step.NewRandom(),
                writes = step.NewRandom(),
                pingsWith = step.NewRandom();
            if (deafTo != (party == pair.Client ? 1 : 2))
                loops.Add(Task.Run(() => Loops.ReadAsync(party, reads, cancelsReads)));
            long total = party == pair.Client ? there : back;
            if (ending == Ending.CloseThenReset && party == actor)
                total = 100_000;
            writing.Add(Task.Run(() => Loops.WriteAsync(party, writes, total, cancelsWrites)));
            if (pings && deafTo == 0)
                pinging.Add(Task.Run(() => Loops.PingAsync(party, pingsWith, done.Task)));
        }

        if (ending != Ending.None)
        {
            await Task.Delay(delay);
            await EndAsync(step, pair, actor, writing[isServer ? 1 : 0], ending);
            if (random.Next(2) == 0)
                await pair.Other(actor).DisposeAsync(step.NewRandom(), random.Next(2) == 0);
        }

        await Task.WhenAll([.. loops, .. writing]);
        done.SetResult();
        await Task.WhenAll(pinging);
        if (!pair.Connection.MayFail && !(pair.Client.Out.HasEnded && pair.Server.Out.HasEnded))
            step.Fail("nobody disturbed it, and yet it did not come to its end", pair.Connection);
        step.Run.Count(pair.Client.In.Received + pair.Server.In.Received);
    }

    private static IFace Face(Party party, Random random) =>
        random.Next(3) switch
        {
            0 => new RawFace(party),
            1 => new StreamFace(party, random),
            _ => new PipeFace(party, random),
        };

    private static async Task EndAsync(Step step, Pair pair, Party actor, Task writing, Ending ending)
    {
        Random random = step.NewRandom();
        switch (ending)
        {
            case Ending.Abort:
                actor.Abort();
                break;
            case Ending.Dispose:
                await actor.DisposeAsync(random, random.Next(2) == 0);
                break;
            case Ending.Reset:
                pair.Connection.End();
                SocketLink.Reset(actor.Socket);
                break;
            case Ending.Revoke:
                pair.Connection.End();
                pair.Server.RevokedSince = await step.Run.Identities.RevokeAsync(step, pair.Id);
                break;
            case Ending.CloseThenReset:
                await Task.WhenAny(writing, Task.Delay(500));
                pair.Connection.End();
                SocketLink.Reset(actor.Socket);
                break;
            case Ending.Deaf:
                pair.Connection.AllowFailure();
                actor.Unruly?.Strike();
                await Task.Delay(random.Next(20));
                await actor.DisposeAsync(random, random.Next(2) == 0);
                SocketLink.Reset(actor.Socket);
                break;
        }
    }
}
