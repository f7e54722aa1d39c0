namespace SymRatchet.Aggregation;

/// <summary>Why a round was closed.</summary>
public enum CloseReason
{
    /// <summary>The rule is <see cref="RoundClosing.Immediately"/>: the round was answered to one client.</summary>
    Answered = 0,

    /// <summary>Every client that was present had contributed.</summary>
    AllPresent,

    /// <summary>As many clients as asked for had contributed.</summary>
    Quorum,

    /// <summary>Its time was over.</summary>
    Time,

    /// <summary>Somebody closed it by hand.</summary>
    ByHand,
}
