using SymRatchet.Samples.Attacks.Lab;
using SymRatchet.Samples.Attacks.Wire;

namespace SymRatchet.Samples.Attacks.Catalogue;

internal sealed class DroppedConfirms : IAttack
{
    private const int Times = 1000;

    public string Name => "dropped-confirms";

    public string How =>
        "A thousand times in a row the man in the middle cuts the handshake at its last messages,\n"
        + "before or after the client's confirm, to drive the two ends apart for good.";

    public string Why =>
        "The stored epochs differ by at most one, and the next handshake mends that; seed stores nothing.";

    public async Task<AttackReport> RunAsync(Laboratory laboratory, CancellationToken cancellationToken)
    {
        PreSharedKey key = laboratory.KeyOf(laboratory.Victim);
        for (int i = 0; i < Times; i++)
        {
            // seed has one message each way; v1's client confirms, and the server confirms that.
            bool lastToServer = laboratory.Protocol == ChannelProtocol.V1 && i % 2 == 0;
            await using ManInTheMiddle wire = laboratory.Intercept(
                (toServer, index, frame) =>
                    toServer == lastToServer && index == laboratory.Format.ClientFramesBeforeData - 1
                        ? [ManInTheMiddle.Cut]
                        : [frame]
            );
            await laboratory.VisitAsync(wire.Endpoint, key, ["59"], cancellationToken);
        }

        Visit after = await laboratory.VisitAsync(laboratory.Server, key, ["61"], cancellationToken);
        return after.Answers.Count == 1
            ? new AttackReport(
                $"{Times} handshakes cut at their end",
                "the next handshake that was let through succeeded",
                Verdict.Refused
            )
            {
                Measured = $"{Times} cuts, then epoch {after.Epoch}",
            }
            : new AttackReport(
                $"{Times} handshakes cut at their end",
                $"the client is locked out ({after.Failure})",
                Verdict.Accepted
            );
    }
}
