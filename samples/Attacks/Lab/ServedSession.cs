namespace SymRatchet.Samples.Attacks.Lab;

/// <summary>What the honest server saw of one connection.</summary>
/// <param name="Messages">What reached its application.</param>
/// <param name="Failure">
/// How the channel failed; null where it was closed, or ended in what the protocol takes for a close.
/// </param>
internal sealed record ServedSession(IReadOnlyList<string> Messages, SecureChannelError? Failure);
