using SymRatchet.Samples.Attacks.Lab;
using SymRatchet.Samples.Attacks.Wire;

namespace SymRatchet.Samples.Attacks.Catalogue;

internal sealed class ChangedHeader : IAttack
{
    public string Name => "changed-header";

    public string How =>
        "The man in the middle turns over a bit in one field of a data message's\n"
        + "header, each field in a session of its own.";

    public string Why =>
        "The authenticator covers the header: seed's MAC as part of the message, v1's AEAD as associated data.";

    public async Task<AttackReport> RunAsync(Laboratory laboratory, CancellationToken cancellationToken)
    {
        List<(string, AttackReport)> trials = [];
        foreach (HeaderField field in laboratory.Format.HeaderFields)
            trials.Add(
                (
                    field.Name,
                    await laboratory.RewriteFirstDataAsync(
                        field.Name,
                        frame => frame[field.Offset] ^= field.Bit,
                        cancellationToken
                    )
                )
            );
        return Judgement.Together(
            $"changed {string.Join(", ", laboratory.Format.HeaderFields.Select(field => field.Name))}",
            trials
        );
    }
}
