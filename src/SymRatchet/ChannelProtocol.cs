namespace SymRatchet;

/// <summary>
/// The protocol that a channel speaks. Both sides are told; nothing is negotiated, so nothing can be downgraded.
/// </summary>
public enum ChannelProtocol
{
    /// <summary>
    /// Protocol 1, the default: mutual authentication, a key of its own for every message, forward secrecy within a
    /// session and between sessions, an authenticated close. See docs/protocol.md.
    /// </summary>
    V1 = 1,

    /// <summary>
    /// The protocol of the original laboratory system, byte for byte. It accepts a recorded session again and has no
    /// forward secrecy between sessions; use it only to talk to peers that know nothing better. See docs/seed.md.
    /// </summary>
    Seed = 2,
}
