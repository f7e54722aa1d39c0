namespace SymRatchet.Channel;

/// <summary>The state of a channel. It only moves down this list.</summary>
internal enum ChannelState
{
    /// <summary>Both directions are open.</summary>
    Open,

    /// <summary>This side has sent its close; the peer's messages still arrive.</summary>
    ClosingOut,

    /// <summary>The peer's close has arrived; this side may still send.</summary>
    ClosingIn,

    /// <summary>Both sides have closed: everything has arrived.</summary>
    Closed,

    /// <summary>Failed, aborted or disposed: nothing more is sent or delivered.</summary>
    Ended,
}
