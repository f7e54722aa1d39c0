using SymRatchet.Samples.Attacks.Lab;

namespace SymRatchet.Samples.Attacks.Catalogue;

internal sealed class SplicedClient : IAttack
{
    public string Name => "spliced-client";

    public string How =>
        "The man in the middle records another client's session and puts its data message\n"
        + "in place of the victim's, in the same position.";

    public string Why => "Each client has keys of its own.";

    public async Task<AttackReport> RunAsync(Laboratory laboratory, CancellationToken cancellationToken)
    {
        (IReadOnlyList<byte[]> other, _) = await laboratory.RecordAsync(laboratory.Other, ["31"], cancellationToken);
        int before = Count(laboratory);
        AttackReport report = await laboratory.ReplaceFirstDataAsync(
            "another client's data message",
            _ => [other[laboratory.Format.ClientFramesBeforeData]],
            "13",
            cancellationToken
        );
        return Count(laboratory) > before
            ? report with
            {
                Verdict = Verdict.Accepted,
                Did = "took another client's word for the victim's",
            }
            : report;
    }

    private static int Count(Laboratory laboratory) => laboratory.Delivered?.Count ?? 0;
}
