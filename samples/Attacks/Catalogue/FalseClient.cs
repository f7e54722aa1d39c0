using SymRatchet.Samples.Attacks.Lab;
using SymRatchet.Samples.Attacks.Wire;

namespace SymRatchet.Samples.Attacks.Catalogue;

/// <summary>
/// A client connects with an id and a key that do not belong together, or that the server does not know.
/// </summary>
internal sealed class FalseClient(string name, string how, string sent, Func<Laboratory, PreSharedKey> falseKey)
    : IAttack
{
    public string Name => name;

    public string How => how;

    public string Why =>
        "The first message proves the key. An unknown id and a wrong key are checked and refused alike, by v1 "
        + "without a word.";

    public async Task<AttackReport> RunAsync(Laboratory laboratory, CancellationToken cancellationToken)
    {
        // Once the victim has been served, its epoch is past the first: v1 answers an old epoch before it is proven,
        // but only to whoever has the key.
        await laboratory.VisitAsync(laboratory.Server, laboratory.KeyOf(laboratory.Victim), ["1"], cancellationToken);
        using PreSharedKey key = falseKey(laboratory);
        await using ManInTheMiddle wire = laboratory.Intercept();
        await laboratory.VisitAsync(wire.Endpoint, key, ["19"], cancellationToken);
        AttackReport report = laboratory.Judge(
            sent,
            wire.FromServer,
            answersOwed: 0,
            forged: ["19"],
            await wire.HasEndedAsync(cancellationToken)
        );
        return laboratory.Protocol == ChannelProtocol.V1 && wire.FromServer.Count > 0
            ? report with
            {
                Verdict = Verdict.Accepted,
                Did = "answered a client that has no key",
            }
            : report;
    }
}
