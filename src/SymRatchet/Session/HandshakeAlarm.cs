namespace SymRatchet.Session;

/// <summary>
/// What a handshake detected that an operator should investigate: a store that was rolled back, or a key that was
/// cloned (docs/protocol.md, 5.9).
/// </summary>
internal enum HandshakeAlarm
{
    None,

    /// <summary>A client proved a root key that is more than one epoch ahead of the server's store.</summary>
    ServerStoreBehind,

    /// <summary>A server proved a root key that is ahead of the client's store.</summary>
    ClientStoreBehind,

    /// <summary>
    /// A client proved a root key that is behind the server's, which no parallel handshake explains.
    /// </summary>
    ClientBehind,

    /// <summary>A hello claimed an epoch beyond the limit; nothing is proven.</summary>
    UnprovenEpoch,
}
