namespace SymRatchet;

/// <summary>Specifies whether an identity's root key moves forward with every session (docs/protocol.md, 3).</summary>
/// <remarks>Fixed when a key is provisioned, and the same on both sides.</remarks>
public enum KeyEvolution
{
    /// <summary>
    /// The root key never moves: for keys burnt into a device without durable memory. There is no forward secrecy
    /// between sessions: whoever learns the key can decrypt every recorded session.
    /// </summary>
    None = 0,

    /// <summary>The root key moves forward with every session, and the old one is erased. The default.</summary>
    Forward = 1,
}
