using SymRatchet.Samples.Attacks.Lab;
using SymRatchet.Samples.Attacks.Wire;

namespace SymRatchet.Samples.Attacks.Catalogue;

internal sealed class TruncatedFrame : IAttack
{
    public string Name => "truncated-frame";

    public string How =>
        "The man in the middle passes on the first half of a data message and\ncuts the connection there.";

    public string Why => "A message is looked at only when all of it is there.";

    public async Task<AttackReport> RunAsync(Laboratory laboratory, CancellationToken cancellationToken)
    {
        await using ManInTheMiddle wire = laboratory.Intercept(
            (toServer, index, frame) =>
                toServer && index == laboratory.Format.ClientFramesBeforeData
                    ? [frame[..(frame.Length / 2)], ManInTheMiddle.Cut]
                    : [frame]
        );
        await laboratory.VisitAsync(wire.Endpoint, laboratory.KeyOf(laboratory.Victim), ["13"], cancellationToken);
        return laboratory.Judge(
            "half a data message",
            wire.FromServer,
            answersOwed: 0,
            forged: ["13"],
            await wire.HasEndedAsync(cancellationToken)
        );
    }
}
