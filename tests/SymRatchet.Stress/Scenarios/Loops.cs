using SymRatchet.Stress.Ends;

namespace SymRatchet.Stress.Scenarios;

/// <summary>
/// What runs on each end of a connection: somebody who reads, somebody who writes, somebody who pings.
/// </summary>
internal static class Loops
{
    /// <summary>Reads until the proven end, or what ends the channel.</summary>
    internal static async Task ReadAsync(Party party, Random random, bool cancels)
    {
        while (true)
        {
            CancellationToken token = cancels && random.Next(6) == 0 ? Step.Soon(random) : default;
            bool wasEnded = party.IsEndedHere;
            try
            {
                if (!await party.Face.ReadAsync(random, token))
                    return;
                if (wasEnded)
                    party.Fail("a read that began after the end brought bytes");
            }
            catch (Exception e)
            {
                if (party.Survives(e, "a read", token))
                    continue;
                await party.GiveUpAsync();
                return;
            }

            if (random.Next(50) == 0)
                await Task.Delay(random.Next(5), CancellationToken.None);
        }
    }

    /// <summary>Writes until enough is sent, then ends the direction; or until the channel ends.</summary>
    internal static async Task WriteAsync(Party party, Random random, long total, bool cancels)
    {
        while (party.Out.Offered < total)
        {
            CancellationToken token = cancels && random.Next(6) == 0 ? Step.Soon(random) : default;
            try
            {
                await party.Face.WriteAsync(random, token);
            }
            catch (Exception e)
            {
                if (party.Survives(e, "a write", token))
                    continue;
                await party.GiveUpAsync();
                return;
            }
        }

        try
        {
            await party.Face.EndAsync();
        }
        catch (Exception e)
        {
            party.Survives(e, "the close", default);
            await party.GiveUpAsync();
        }
    }

    /// <summary>Pings until it is told to stop.</summary>
    internal static async Task PingAsync(Party party, Random random, Task stop)
    {
        while (!stop.IsCompleted)
        {
            CancellationToken token = random.Next(2) == 0 ? Step.Soon(random) : default;
            try
            {
                await party.CallAsync("PingAsync", token, () => party.Channel.PingAsync(token));
            }
            catch (InvalidOperationException) when (party.Out.HasEnded || party.In.HasEnded)
            {
                return;
            }
            catch (Exception e)
            {
                if (!party.Survives(e, "a ping", token))
                    return;
            }

            await Task.Delay(random.Next(3), CancellationToken.None);
        }
    }
}
