using System.Buffers;

namespace SymRatchet.Aggregation;

/// <summary>The session of one client: contributions and answers alternate.</summary>
internal sealed class AggregationSession(
    ISecureChannel channel,
    RoundTable table,
    RoundSeat seat,
    AggregationServerOptions options
)
{
    /// <summary>The timeout of each step that ends a session.</summary>
    internal static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(1);

    private readonly ArrayBufferWriter<byte> _message = new();
    private long _rounds;

    internal async Task<SessionSummary> RunAsync(CancellationToken stopping)
    {
        using CancellationTokenSource idleTimeout = new(Timeout.InfiniteTimeSpan, options.Rounds.TimeProvider);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(
            stopping,
            seat.Superseded,
            idleTimeout.Token
        );
        SessionSummary summary;
        try
        {
            summary = await ExchangeAsync(idleTimeout, ending.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            summary =
                stopping.IsCancellationRequested ? Summary(SessionEnd.Stopped, "the server stops")
                : seat.IsSuperseded ? Summary(SessionEnd.Superseded, "another session of this client replaced it")
                : Summary(SessionEnd.Idle, $"idle for {options.IdleTimeout.TotalSeconds:0.#} s");
        }
        catch (SecureChannelException e)
        {
            summary = Summary(SessionEnd.ChannelFailed, $"{e.Error}: {e.Message}") with { Error = e.Error };
        }

        if (summary.End is SessionEnd.ClosedByClient or SessionEnd.Stopped)
            await CloseAsync().ConfigureAwait(false);
        return summary;
    }

    private async Task<SessionSummary> ExchangeAsync(CancellationTokenSource idleTimeout, CancellationToken ending)
    {
        idleTimeout.CancelAfter(options.IdleTimeout);
        Task<bool> receiving = ReceiveAsync(ending);
        try
        {
            while (await receiving.WaitAsync(ending).ConfigureAwait(false))
            {
                idleTimeout.CancelAfter(Timeout.InfiniteTimeSpan);
                if (
                    !ContributionText.TryParse(
                        _message.WrittenSpan,
                        options.MaxNumbers,
                        out double[] numbers,
                        out string? reason
                    )
                )
                    return Summary(SessionEnd.BadContribution, reason!);

                // The next receive starts at once, so that the server notices a client that leaves during the round.
                receiving = ReceiveAsync(ending);
                Task<RoundOutcome> answering = table.ContributeAsync(seat, numbers);
                if (await LeavesFirstAsync(receiving, answering, ending).ConfigureAwait(false))
                    return Summary(SessionEnd.ClosedByClient, "the client left during the round");

                RoundOutcome outcome = await answering.WaitAsync(ending).ConfigureAwait(false);
                if (outcome.Refusal != RoundRefusal.None)
                    return Summary(
                        outcome.Refusal == RoundRefusal.Superseded ? SessionEnd.Superseded : SessionEnd.Refused,
                        $"{outcome.Refusal}"
                    );

                // Counted before the send: the client may get the answer and close the channel before the send returns.
                _rounds++;
                idleTimeout.CancelAfter(options.IdleTimeout);
                await channel
                    .SendAsync(AnswerText.Format(outcome.Aggregate), ending)
                    .AsTask()
                    .WaitAsync(ending)
                    .ConfigureAwait(false);
            }

            return Summary(SessionEnd.ClosedByClient, "closed by the client");
        }
        finally
        {
            // A cancelled receive leaves the channel usable for a close. One that hangs is abandoned after the timeout.
            await idleTimeout.CancelAsync().ConfigureAwait(false);
            Task returning = receiving.WaitAsync(CloseTimeout, options.Rounds.TimeProvider, CancellationToken.None);
            await returning.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private Task<bool> ReceiveAsync(CancellationToken ending)
    {
        _message.ResetWrittenCount();
        return channel.ReceiveAsync(_message, ending).AsTask();
    }

    private static async Task<bool> LeavesFirstAsync(Task<bool> receiving, Task answering, CancellationToken ending)
    {
        if (await Task.WhenAny(answering, receiving).WaitAsync(ending).ConfigureAwait(false) == answering)
            return false;
        return !await receiving.ConfigureAwait(false);
    }

    private SessionSummary Summary(SessionEnd end, string detail) => new(end, _rounds, detail);

    private async Task CloseAsync()
    {
        try
        {
            using CancellationTokenSource timeout = new(CloseTimeout, options.Rounds.TimeProvider);
            await channel.CloseAsync(timeout.Token).AsTask().WaitAsync(timeout.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is SecureChannelException or OperationCanceledException)
        {
            // The client has disconnected, and needs no close.
        }
    }
}
