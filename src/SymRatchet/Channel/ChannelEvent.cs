namespace SymRatchet.Channel;

/// <summary>What moves a channel towards its end.</summary>
internal enum ChannelEvent
{
    /// <summary>This side closes its direction.</summary>
    OwnClose,

    /// <summary>The peer's authenticated close has arrived.</summary>
    PeerClose,

    /// <summary>A failure, an abort, a revocation, a disposal.</summary>
    End,
}
