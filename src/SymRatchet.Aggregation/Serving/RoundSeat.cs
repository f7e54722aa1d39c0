namespace SymRatchet.Aggregation;

/// <summary>
/// One session's place in the rounds, and where it waits for its outcome. Guarded by the <see cref="RoundTable"/>'s
/// lock.
/// </summary>
internal sealed class RoundSeat : IDisposable
{
    private readonly CancellationTokenSource _lost = new();

    /// <summary>Set by the table as soon as it has let the client in.</summary>
    internal RoundMember Member { get; set; } = null!;

    internal TaskCompletionSource<RoundOutcome>? Waiting { get; set; }

    /// <summary>Cancelled when another session of the same client takes the place.</summary>
    internal CancellationToken Lost => _lost.Token;

    internal bool IsLost => _lost.IsCancellationRequested;

    // Whoever waits wakes up on another thread: the table's lock is held here.
    internal void Lose() => _ = _lost.CancelAsync();

    public void Dispose() => _lost.Dispose();
}
