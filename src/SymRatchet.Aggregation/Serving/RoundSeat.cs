namespace SymRatchet.Aggregation;

/// <summary>
/// The registration of one session in the rounds, and its pending answer. Guarded by the lock of
/// <see cref="RoundTable"/>.
/// </summary>
internal sealed class RoundSeat : IDisposable
{
    private readonly CancellationTokenSource _superseded = new();

    /// <summary>The presence of the client; set by the table.</summary>
    internal RoundMember Member { get; set; } = null!;

    internal TaskCompletionSource<RoundOutcome>? Waiting { get; set; }

    /// <summary>Cancelled when another session of the same client replaces this one.</summary>
    internal CancellationToken Superseded => _superseded.Token;

    internal bool IsSuperseded => _superseded.IsCancellationRequested;

    // The callbacks run on another thread, since the table's lock is held here.
    internal void Supersede() => _ = _superseded.CancelAsync();

    public void Dispose() => _superseded.Dispose();
}
