namespace SymRatchet.Channel;

/// <summary>What moves a channel towards its end.</summary>
internal enum ChannelEvent
{
    /// <summary>This side says that all was said.</summary>
    OwnClose,

    /// <summary>The peer proved that all was said.</summary>
    PeerClose,

    /// <summary>A failure, an abort, a revocation, a disposal.</summary>
    End,
}
