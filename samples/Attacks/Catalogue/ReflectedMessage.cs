using SymRatchet.Samples.Attacks.Lab;
using SymRatchet.Samples.Attacks.Wire;

namespace SymRatchet.Samples.Attacks.Catalogue;

internal sealed class ReflectedMessage : IAttack
{
    public string Name => "reflected-message";

    public string How =>
        "The man in the middle sends the server's own answer back to it, in place\nof the client's next message.";

    public string Why => "Each direction has keys and opcodes of its own.";

    public async Task<AttackReport> RunAsync(Laboratory laboratory, CancellationToken cancellationToken) =>
        await SpliceAnswerAsync(laboratory, "the server's own answer", pretend: false, cancellationToken);

    internal static async Task<AttackReport> SpliceAnswerAsync(
        Laboratory laboratory,
        string sent,
        bool pretend,
        CancellationToken cancellationToken
    )
    {
        WireFormat format = laboratory.Format;
        byte[]? answer = null;
        await using ManInTheMiddle wire = laboratory.Intercept(
            (toServer, index, frame) =>
            {
                if (!toServer && format.IsAnswer(frame))
                    answer ??= [.. frame];
                if (!toServer || index != format.ClientFramesBeforeData + 1 || answer is null)
                    return [frame];
                if (pretend)
                {
                    format.PretendFromClient(answer);
                    format.SetRound(answer, format.Round(frame));
                }

                return [answer];
            }
        );
        await laboratory.VisitAsync(wire.Endpoint, laboratory.KeyOf(laboratory.Victim), ["1", "2"], cancellationToken);
        return laboratory.Judge(
            sent,
            wire.FromServer,
            answersOwed: 1,
            forged: [System.Text.Encoding.ASCII.GetString(Laboratory.Answer)],
            await wire.HasEndedAsync(cancellationToken)
        );
    }
}
