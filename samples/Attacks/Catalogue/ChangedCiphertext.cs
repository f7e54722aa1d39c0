using SymRatchet.Samples.Attacks.Lab;

namespace SymRatchet.Samples.Attacks.Catalogue;

internal sealed class ChangedCiphertext : IAttack
{
    public string Name => "changed-ciphertext";

    public string How => "The man in the middle turns over one bit in the first byte of the\nciphertext of a data message.";

    public Task<AttackReport> RunAsync(Laboratory laboratory, CancellationToken cancellationToken) =>
        laboratory.RewriteFirstDataAsync("a data message with one bit changed", frame => frame[laboratory.Format.BodyOffset] ^= 1, cancellationToken);
}
