namespace SymRatchet.Aggregation;

/// <summary>Specifies why a contribution is not counted or not answered.</summary>
public enum RoundRefusal
{
    /// <summary>It is counted.</summary>
    None = 0,

    /// <summary>It names a round that is closed.</summary>
    Late,

    /// <summary>It names a round that is not yet open.</summary>
    Early,

    /// <summary>The client has already contributed to this round; the first contribution counts.</summary>
    Duplicate,

    /// <summary>Another session of the same client replaced this one.</summary>
    Superseded,

    /// <summary>The client has left.</summary>
    NotPresent,

    /// <summary>The aggregator failed, or its result is not a finite number.</summary>
    AggregateFailed,
}
