using System.Net.Sockets;
using SymRatchet.Comparison.Running;

namespace SymRatchet.Comparison.Storm;

/// <summary>
/// A process of connections that say nothing. Each is opened again as soon as the server drops it; while no server
/// listens, ten times a second.
/// </summary>
internal sealed class StormStrangers(int count, int port)
{
    internal const string Role = "storm-strangers";

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly LoopbackAddresses _from = new(1, LoopbackAddresses.Most);
    private int _open;
    private long _opened;

    internal async Task<int> RunAsync()
    {
        using CancellationTokenSource end = new();
        Task[] all = [.. Enumerable.Range(0, count).Select(i => Task.Run(() => StayAsync(i, end.Token)))];
        while (await Console.In.ReadLineAsync() is { Length: > 0 })
            Console.WriteLine(Report.Text($"{Volatile.Read(ref _open)} {Volatile.Read(ref _opened)}"));
        await end.CancelAsync();
        await Task.WhenAll(all);
        return 0;
    }

    private async Task StayAsync(int stranger, CancellationToken end)
    {
        byte[] nothing = new byte[1];
        while (!end.IsCancellationRequested)
        {
            try
            {
                using Socket socket = await LoopbackAddresses.DialAsync(_from[stranger], port, end);
                Interlocked.Increment(ref _open);
                Interlocked.Increment(ref _opened);
                try
                {
                    await socket.ReceiveAsync(nothing, end);
                }
                finally
                {
                    Interlocked.Decrement(ref _open);
                }
            }
            catch (SocketException)
            {
                await Task.Delay(Pause, end).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException)
            {
                // The run is over.
            }
        }
    }
}
