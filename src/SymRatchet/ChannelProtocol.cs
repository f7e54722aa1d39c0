namespace SymRatchet;

/// <summary>Specifies the protocol of a channel.</summary>
/// <remarks>It is configured on both sides and not negotiated, so it cannot be downgraded.</remarks>
public enum ChannelProtocol
{
    /// <summary>
    /// Protocol 1, the default: mutual authentication, a separate key for every message, forward secrecy within a
    /// session and between sessions, and an authenticated close. See docs/protocol.md.
    /// </summary>
    V1 = 1,

    /// <summary>
    /// The protocol of the original laboratory system, byte for byte. It accepts a replayed session and has no forward
    /// secrecy between sessions; use it only with peers that support no other. See docs/seed.md.
    /// </summary>
    Seed = 2,
}
