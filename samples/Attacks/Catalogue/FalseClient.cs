using SymRatchet.Samples.Attacks.Lab;
using SymRatchet.Samples.Attacks.Wire;

namespace SymRatchet.Samples.Attacks.Catalogue;

/// <summary>Somebody comes with an id and a key that do not belong together, or to nobody.</summary>
internal sealed class FalseClient(string name, string how, string sent, Func<Laboratory, PreSharedKey> falseKey) : IAttack
{
    public string Name => name;

    public string How => how;

    public string Why => "The first message proves the key. An unknown id and a wrong key are checked and refused alike.";

    public async Task<AttackReport> RunAsync(Laboratory laboratory, CancellationToken cancellationToken)
    {
        using PreSharedKey key = falseKey(laboratory);
        await using ManInTheMiddle wire = laboratory.Intercept();
        await laboratory.VisitAsync(wire.Endpoint, key, ["19"], cancellationToken);
        return laboratory.Judge(sent, wire.FromServer, answersOwed: 0, forged: ["19"], await wire.HasEndedAsync(cancellationToken));
    }
}
