using SymRatchet.Samples.Attacks.Lab;
using SymRatchet.Samples.Attacks.Wire;

namespace SymRatchet.Samples.Attacks.Catalogue;

internal sealed class ReflectedToClient : IAttack
{
    public string Name => "reflected-to-client";

    public string How =>
        "The man in the middle keeps the server's answer to himself and sends the\nclient its own message back.";

    public string Why => "A client takes only what was sealed for its direction.";

    public async Task<AttackReport> RunAsync(Laboratory laboratory, CancellationToken cancellationToken)
    {
        byte[]? message = null;
        await using ManInTheMiddle wire = laboratory.Intercept(
            (toServer, index, frame) =>
            {
                if (toServer && index == laboratory.Format.ClientFramesBeforeData)
                    message = [.. frame];
                return !toServer && laboratory.Format.IsAnswer(frame) && message is not null ? [message] : [frame];
            }
        );
        Visit visit = await laboratory.VisitAsync(
            wire.Endpoint,
            laboratory.KeyOf(laboratory.Victim),
            ["41"],
            cancellationToken
        );
        return visit is { Answers: [], Failure: { } failure }
            ? new AttackReport(
                "the client's own message, as the answer",
                $"the client took nothing and failed ({failure})",
                Verdict.Refused
            )
            : new AttackReport(
                "the client's own message, as the answer",
                "the client took it for the server's answer",
                Verdict.Accepted
            );
    }
}
