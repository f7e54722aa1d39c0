using SymRatchet.Samples.Attacks.Lab;
using SymRatchet.Samples.Attacks.Wire;

namespace SymRatchet.Samples.Attacks.Catalogue;

internal sealed class PaddingOracle : IAttack
{
    private const int Values = 256;

    public string Name => "padding-oracle";

    public string How =>
        "Each of the 255 changes of the byte that decides the last byte of padding is sent, each in an\n"
        + "honest session; a server that reacts in two ways tells which padding was right.";

    public string Why =>
        "The authenticator is checked first, so that no padding that was not the sender's is ever looked at.";

    public async Task<AttackReport> RunAsync(Laboratory laboratory, CancellationToken cancellationToken)
    {
        Dictionary<string, int> reactions = [];
        for (int value = 1; value < Values; value++)
        {
            AttackReport report = await laboratory.RewriteFirstDataAsync(
                "",
                frame => frame[Deciding(laboratory.Format)] ^= (byte)value,
                cancellationToken
            );
            string reaction = report.Verdict == Verdict.Accepted ? "took it" : report.Did;
            reactions[reaction] = reactions.GetValueOrDefault(reaction) + 1;
        }

        string sent = $"{Values - 1} changed data messages";
        string did = string.Join("; ", reactions.Select(reaction => $"{reaction.Value} times {reaction.Key}"));
        return new AttackReport(
            sent,
            did,
            reactions.Count == 1 && !reactions.ContainsKey("took it") ? Verdict.Refused : Verdict.Accepted
        )
        {
            Measured = $"{reactions.Count} kind{(reactions.Count == 1 ? "" : "s")} of reaction",
        };
    }

    // seed: the last byte of the IV, which is added to the one block of plaintext. v1 has no block padding: the last
    // byte of a two-byte message.
    private static int Deciding(WireFormat format) =>
        format.Protocol == ChannelProtocol.Seed ? format.BodyOffset - 1 : format.BodyOffset + 1;
}
