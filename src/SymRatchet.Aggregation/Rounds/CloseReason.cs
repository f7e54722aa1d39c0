namespace SymRatchet.Aggregation;

/// <summary>Specifies why a round was closed.</summary>
public enum CloseReason
{
    /// <summary>The rule is <see cref="RoundClosing.Immediately"/>, and one client was answered.</summary>
    Answered = 0,

    /// <summary>Every present client has contributed.</summary>
    AllPresent,

    /// <summary>The required number of clients has contributed.</summary>
    Quorum,

    /// <summary>The time limit was reached.</summary>
    Time,

    /// <summary>It was closed manually.</summary>
    ByHand,
}
