namespace SymRatchet.Samples.Attacks.Lab;

/// <summary>What one attack did and what came of it.</summary>
/// <param name="Sent">What was sent, in words.</param>
/// <param name="Did">What the server, or the client, did, as it showed on the wire and at its application.</param>
/// <param name="Verdict">What the attack achieved.</param>
public sealed record AttackReport(string Sent, string Did, Verdict Verdict)
{
    /// <summary>What was measured on the way, if anything.</summary>
    public string Measured { get; init; } = "";
}
