using System.Globalization;
using SymRatchet.Tool.Channels;

namespace SymRatchet.Tool.Ping;

/// <summary>Pings over an established channel until there were enough, it is cancelled or the channel ends.</summary>
internal sealed class PingRun(ISecureChannel channel, TimeSpan interval, TimeSpan timeout, Action<string> say)
{
    // After this time the peer will not close its direction any more.
    private static readonly TimeSpan CloseLimit = TimeSpan.FromSeconds(1);

    private readonly List<double?> _roundTrips = [];

    /// <summary>The round-trip times in milliseconds, null for a ping without answer.</summary>
    internal IReadOnlyList<double?> RoundTrips => _roundTrips;

    /// <summary>Why the channel ended before the pings did; null if it did not.</summary>
    internal string? EndedBy { get; private set; }

    internal async Task RunAsync(int count, CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task receiving = ReceiveAsync(ending);
        try
        {
            for (int sequence = 1; sequence <= count; sequence++)
            {
                Task pause = Task.Delay(interval, ending.Token);
                await PingAsync(sequence, ending.Token);
                if (sequence < count)
                    await pause;
            }
        }
        catch (OperationCanceledException)
        {
            // Interrupted, or the channel has ended: the summary follows.
        }
        catch (Exception e) when (e is IOException or InvalidOperationException)
        {
            await receiving
                .WaitAsync(CloseLimit, CancellationToken.None)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            EndedBy ??= e.Message;
        }

        await CloseAsync(receiving);
    }

    private async Task PingAsync(int sequence, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(timeout);
        try
        {
            double time = (await channel.PingAsync(limit.Token)).TotalMilliseconds;
            _roundTrips.Add(time);
            say(string.Create(CultureInfo.InvariantCulture, $"seq={sequence} time={time:0.000} ms"));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            _roundTrips.Add(null);
            say(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"seq={sequence} no answer within {timeout.TotalSeconds:0.###} s: does the peer receive?"
                )
            );
        }
    }

    // The answers arrive through a pending receive. What the peer's program sends is not for this one.
    private async Task ReceiveAsync(CancellationTokenSource ending)
    {
        Discard nothing = new();
        try
        {
            while (await channel.ReceiveAsync(nothing, CancellationToken.None))
            {
                // The next one.
            }

            EndedBy ??= "the peer closed its direction";
        }
        catch (IOException e)
        {
            EndedBy ??= e.Message;
        }

        await ending.CancelAsync();
    }

    private async Task CloseAsync(Task receiving)
    {
        string? endedBy = EndedBy;
        if (endedBy is null)
        {
            try
            {
                using CancellationTokenSource limit = new(CloseLimit);
                await channel.CloseAsync(limit.Token);
                await receiving.WaitAsync(limit.Token);
            }
            catch (Exception e) when (e is IOException or InvalidOperationException or OperationCanceledException)
            {
                // The channel is disposed next; the peer's program has its own way to end.
            }
        }

        EndedBy = endedBy;
    }
}
