namespace SymRatchet.Aggregation;

/// <summary>Why a served session ended.</summary>
public enum SessionEnd
{
    /// <summary>The client closed it.</summary>
    ClosedByClient = 0,

    /// <summary>The client sent something that is no contribution.</summary>
    BadContribution,

    /// <summary>The rounds did not count or not answer the contribution.</summary>
    Refused,

    /// <summary>Another session of the same client took its place.</summary>
    Superseded,

    /// <summary>The client kept the server waiting for too long.</summary>
    Idle,

    /// <summary>The server was told to stop.</summary>
    Stopped,

    /// <summary>The channel failed.</summary>
    ChannelFailed,
}
