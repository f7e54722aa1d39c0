using SymRatchet.Samples.Attacks.Lab;
using SymRatchet.Samples.Attacks.Wire;

namespace SymRatchet.Samples.Attacks.Catalogue;

internal sealed class CutStream : IAttack
{
    public string Name => "cut-stream";

    public string How =>
        "The man in the middle cuts the connection between two messages, so that the\n"
        + "server shall take a part of what the client had to say for all of it.";

    public string Why =>
        "v1 takes nothing but a proven close for an end; seed's peers just hang up, so a cut between two rounds "
        + "looks the same.";

    public bool NeedsInside => true;

    public Verdict Expected(ChannelProtocol protocol) =>
        protocol == ChannelProtocol.Seed ? Verdict.Accepted : Verdict.Refused;

    public async Task<AttackReport> RunAsync(Laboratory laboratory, CancellationToken cancellationToken)
    {
        await using ManInTheMiddle wire = laboratory.Intercept(
            (toServer, index, frame) =>
                toServer && index == laboratory.Format.ClientFramesBeforeData + 1 ? [ManInTheMiddle.Cut] : [frame]
        );
        await laboratory.VisitAsync(wire.Endpoint, laboratory.KeyOf(laboratory.Victim), ["1", "2"], cancellationToken);
        ServedSession served = await laboratory.NextEndAsync(cancellationToken);
        return served.Failure is { } failure
            ? new AttackReport(
                "the end of the stream after one message of two",
                $"told its application that the session failed ({failure})",
                Verdict.Refused
            )
            : new AttackReport(
                "the end of the stream after one message of two",
                "told its application that the client had closed",
                Verdict.Accepted
            );
    }
}
