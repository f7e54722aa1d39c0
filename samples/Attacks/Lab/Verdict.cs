namespace SymRatchet.Samples.Attacks.Lab;

/// <summary>What an attack achieved.</summary>
public enum Verdict
{
    /// <summary>The server took nothing of it.</summary>
    Refused,

    /// <summary>The server took it for the client's word.</summary>
    Accepted,
}
