namespace SymRatchet.Aggregation;

/// <summary>Specifies why a session ended.</summary>
public enum SessionEnd
{
    /// <summary>The client closed it.</summary>
    ClosedByClient = 0,

    /// <summary>The client sent a message that is not a contribution.</summary>
    BadContribution,

    /// <summary>A contribution was not counted or not answered; see <see cref="RoundRefusal"/>.</summary>
    Refused,

    /// <summary>Another session of the same client replaced it.</summary>
    Superseded,

    /// <summary>The client exceeded <see cref="AggregationServerOptions.IdleTimeout"/>.</summary>
    Idle,

    /// <summary>The server stopped the session.</summary>
    Stopped,

    /// <summary>The channel failed.</summary>
    ChannelFailed,
}
