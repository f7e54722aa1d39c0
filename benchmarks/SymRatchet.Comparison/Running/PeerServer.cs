using System.Globalization;
using SymRatchet.Comparison.Peers;
using SymRatchet.Comparison.Scenarios;

namespace SymRatchet.Comparison.Running;

/// <summary>
/// The server's process for one peer. It says where it listens, and answers questions on its standard input until that
/// ends.
/// </summary>
internal static class PeerServer
{
    /// <summary>What the process holds in memory.</summary>
    internal const string MemoryQuestion = "memory";

    /// <summary>What it holds once everything is collected that can be.</summary>
    internal const string LeastMemoryQuestion = "least memory";

    /// <summary>What it has allocated so far.</summary>
    internal const string AllocatedQuestion = "allocated";

    /// <summary>What the collector's objects take.</summary>
    internal const string HeapQuestion = "heap";

    /// <summary>The time of its threads, in microseconds.</summary>
    internal const string CpuQuestion = "cpu";

    internal static async Task<int> RunAsync(Peer peer)
    {
        await using Peer own = peer;
        int port = await peer.ListenAsync();
        Console.WriteLine($"{port.ToString(CultureInfo.InvariantCulture)} {peer.Credential}");
        while (await Console.In.ReadLineAsync() is { } question)
            Console.WriteLine(Answer(peer, question).ToString(CultureInfo.InvariantCulture));
        return 0;
    }

    private static long Answer(Peer peer, string question)
    {
        switch (question)
        {
            case AllocatedQuestion:
                return GC.GetTotalAllocatedBytes(precise: true);
            case HeapQuestion:
                return GC.GetTotalMemory(forceFullCollection: false);
            case CpuQuestion:
                return (long)peer.CpuTime.TotalMicroseconds;
            case LeastMemoryQuestion:
                ProcessUse.Collect();
                break;
        }

        return peer.Memory;
    }

    /// <summary>Does one thing that a client asked for.</summary>
    internal static async Task DoAsync(PeerConnection connection, Work work)
    {
        switch (work)
        {
            case Work.Echo:
                await connection.SendWorkAsync(work);
                break;

            case Work.TakeStream:
                await connection.SendNumberAsync(await connection.ReceiveBlocksUntilMarkedAsync());
                break;

            case Work.TakeMessages:
                await connection.SendNumberAsync(await connection.ReceiveUntilMarkedAsync(Sizes.Message));
                break;

            case Work.PingPong:
                await connection.SendWorkAsync(work);
                byte[] message = new byte[Sizes.Message];
                do
                {
                    await connection.Stream.ReadExactlyAsync(message);
                    await connection.Stream.WriteAsync(message);
                    await connection.Stream.FlushAsync();
                } while (message[0] == 0);
                break;

            default:
                throw new IOException($"There is no work {work}.");
        }
    }
}
