namespace SymRatchet.Samples.Attacks.Lab;

/// <summary>
/// An honest client's visit: the answers that reached its application, the epoch it ran in, and how the channel failed.
/// </summary>
public sealed record Visit(IReadOnlyList<string> Answers, long Epoch, SecureChannelError? Failure);
