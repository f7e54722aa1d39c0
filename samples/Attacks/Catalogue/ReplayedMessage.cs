using SymRatchet.Samples.Attacks.Lab;
using SymRatchet.Samples.Attacks.Wire;

namespace SymRatchet.Samples.Attacks.Catalogue;

internal sealed class ReplayedMessage : IAttack
{
    public string Name => "replayed-message";

    public string How =>
        "The man in the middle passes on the client's first data message,\nand then passes it on a second time.";

    public string Why => "The first copy moved the keys and the round on; the second fits neither.";

    public async Task<AttackReport> RunAsync(Laboratory laboratory, CancellationToken cancellationToken)
    {
        await using ManInTheMiddle wire = laboratory.Intercept(
            (toServer, index, frame) =>
                toServer && index == laboratory.Format.ClientFramesBeforeData ? [frame, frame] : [frame]
        );
        int before = laboratory.Delivered?.Count ?? 0;
        await laboratory.VisitAsync(wire.Endpoint, laboratory.KeyOf(laboratory.Victim), ["1", "2"], cancellationToken);
        bool ended = await wire.HasEndedAsync(cancellationToken);
        AttackReport report = laboratory.Judge(
            "a data message twice",
            wire.FromServer,
            answersOwed: 1,
            forged: [],
            ended
        );
        bool twice = (laboratory.Delivered?.Count ?? 0) - before > 1;
        return twice
            ? report with
            {
                Verdict = Verdict.Accepted,
                Did = "its application got more than the one message",
            }
            : report;
    }
}
