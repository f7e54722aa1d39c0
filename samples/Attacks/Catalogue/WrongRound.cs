using SymRatchet.Samples.Attacks.Lab;
using SymRatchet.Samples.Attacks.Wire;

namespace SymRatchet.Samples.Attacks.Catalogue;

internal sealed class WrongRound : IAttack
{
    public string Name => "wrong-round";

    public string How => "The man in the middle raises the round number of a data message,\nas if messages before it had been lost.";

    public Task<AttackReport> RunAsync(Laboratory laboratory, CancellationToken cancellationToken)
    {
        WireFormat format = laboratory.Format;
        return laboratory.RewriteFirstDataAsync(
            "a data message five rounds ahead", frame => format.SetRound(frame, format.Round(frame) + 5), cancellationToken);
    }
}
