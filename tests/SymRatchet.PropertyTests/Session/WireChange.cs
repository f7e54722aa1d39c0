namespace SymRatchet.PropertyTests.Session;

/// <summary>What an attacker does to one message on the wire.</summary>
public enum WireChange
{
    /// <summary>Changes one byte of it.</summary>
    Flip,

    /// <summary>Lets only its beginning pass, perhaps nothing.</summary>
    Cut,

    /// <summary>Sends it twice.</summary>
    Repeat,

    /// <summary>Sends another message before it, of this handshake or of another one of the same identity.</summary>
    Swap,

    /// <summary>
    /// Puts the end of the same message of another handshake of the same identity in its place, perhaps all of it.
    /// </summary>
    Splice,
}
