namespace SymRatchet;

/// <summary>
/// Whether an identity's root key moves forward with every session. Fixed when a key is provisioned, on both sides
/// alike. Protocol 1, section 3.
/// </summary>
public enum KeyEvolution
{
    /// <summary>
    /// The root key never moves: for keys burnt into a device without durable memory. There is then no forward secrecy
    /// between sessions: who learns the key can open every recorded session.
    /// </summary>
    None = 0,

    /// <summary>The root key moves forward with every session and the old one is forgotten. The default.</summary>
    Forward = 1,
}
