namespace SymRatchet.Session;

/// <summary>
/// What a handshake noticed that an operator should look at: a store was rolled back, or a key was cloned.
/// </summary>
internal enum HandshakeAlarm
{
    None,

    /// <summary>A client proved a root key that is more than one epoch ahead of the server's store.</summary>
    ServerStoreBehind,

    /// <summary>A server proved a root key that is ahead of the client's store.</summary>
    ClientStoreBehind,

    /// <summary>
    /// A client proved itself from a root key that is behind the server's, and no handshake beside it can explain that.
    /// </summary>
    ClientBehind,

    /// <summary>A hello claimed an epoch too far ahead to look at; nothing is proven.</summary>
    UnprovenEpoch,
}
