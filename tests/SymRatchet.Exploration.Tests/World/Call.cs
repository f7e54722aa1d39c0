namespace SymRatchet.Exploration.World;

/// <summary>One call of one side, from its start to what it returned.</summary>
internal sealed class Call(Side side, Op op)
{
    internal const byte Untouched = 0xC5;

    internal Side Side { get; } = side;

    internal Op Op { get; } = op;

    internal CancellationTokenSource Token { get; } = new();

    internal byte[] Buffer { get; } = op.Kind == OpKind.Receive ? [.. Enumerable.Repeat(Untouched, 4096)] : [];

    internal bool IsDone { get; set; }

    internal Exception? Failure { get; set; }

    /// <summary>The side was over before this call began.</summary>
    internal bool BeganAfterEnd { get; } = side.IsOver;

    /// <summary>The side was ended from inside this call, between two of its own steps.</summary>
    internal bool OverlapsEnd { get; set; }

    /// <summary>Refused for being the second of its kind, or out of order: the channel goes on.</summary>
    internal bool IsRefused => Failure is InvalidOperationException and not ObjectDisposedException;

    /// <summary>Somebody did what must make this call return.</summary>
    internal bool MustReturn => Token.IsCancellationRequested || Side.IsEnding;

    public override string ToString() => $"{Side.Name}.{Op.Kind} {Outcome}";

    private string Outcome =>
        !IsDone ? "is pending"
        : Failure is null ? "returned"
        : $"threw {Failure.GetType().Name}";
}
