using SymRatchet.Samples.Attacks.Wire;

namespace SymRatchet.Samples.Attacks.Lab;

/// <summary>Attacks that change a message on its way.</summary>
internal static class Rewriting
{
    private const string Message = "13";

    internal static async Task<AttackReport> RewriteFirstDataAsync(
        this Laboratory laboratory, string sent, Action<byte[]> rewrite, CancellationToken cancellationToken)
    {
        await using ManInTheMiddle wire = laboratory.Intercept((toServer, index, frame) =>
        {
            if (toServer && index == laboratory.Format.ClientFramesBeforeData)
                rewrite(frame);
            return [frame];
        });
        await laboratory.VisitAsync(wire.Endpoint, laboratory.KeyOf(laboratory.Victim), [Message], cancellationToken);
        bool ended = await Laboratory.HasEndedAsync(wire.ServerEnded, cancellationToken);
        return laboratory.Judge(sent, wire.FromServer, answersOwed: 0, forged: [Message], ended);
    }
}
