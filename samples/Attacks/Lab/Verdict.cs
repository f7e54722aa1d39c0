namespace SymRatchet.Samples.Attacks.Lab;

/// <summary>What an attack achieved.</summary>
public enum Verdict
{
    /// <summary>Nothing of it was taken, and nothing was learnt.</summary>
    Refused,

    /// <summary>It was taken for the peer's word, or it got what it was after.</summary>
    Accepted,

    /// <summary>The honest ends did not even do what the attack begins with.</summary>
    NotTried,
}
