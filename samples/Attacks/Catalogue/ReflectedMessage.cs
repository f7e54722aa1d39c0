using SymRatchet.Samples.Attacks.Lab;
using SymRatchet.Samples.Attacks.Wire;

namespace SymRatchet.Samples.Attacks.Catalogue;

internal sealed class ReflectedMessage : IAttack
{
    public string Name => "reflected-message";

    public string How => "The man in the middle sends the server's own answer back to it, in place\nof the client's next message.";

    public async Task<AttackReport> RunAsync(Laboratory laboratory, CancellationToken cancellationToken)
    {
        byte[]? answer = null;
        int first = laboratory.Format.ClientFramesBeforeData;
        await using ManInTheMiddle wire = laboratory.Intercept((toServer, index, frame) =>
        {
            if (!toServer && laboratory.Format.IsAnswer(frame))
                answer ??= frame;
            return toServer && index == first + 1 && answer is not null ? [answer] : [frame];
        });
        await laboratory.VisitAsync(wire.Endpoint, laboratory.KeyOf(laboratory.Victim), ["1", "2"], cancellationToken);
        bool ended = await Laboratory.HasEndedAsync(wire.ServerEnded, cancellationToken);
        return laboratory.Judge("the server's own answer", wire.FromServer, answersOwed: 1, forged: ["Aggregated: 1.00"], ended);
    }
}
