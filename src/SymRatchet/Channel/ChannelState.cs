namespace SymRatchet.Channel;

/// <summary>How far the end of a channel has come. It only ever moves down this list.</summary>
internal enum ChannelState
{
    /// <summary>Both directions are open.</summary>
    Open,

    /// <summary>This side has sent its close; the peer's messages still arrive.</summary>
    ClosingOut,

    /// <summary>The peer's close has arrived; this side may still send.</summary>
    ClosingIn,

    /// <summary>Both closes are said: everything arrived.</summary>
    Closed,

    /// <summary>Failed, aborted or disposed: nothing more is sent or delivered.</summary>
    Ended,
}
