using SymRatchet.Samples.Attacks.Lab;

namespace SymRatchet.Samples.Attacks.Catalogue;

/// <summary>Every attack, in the order in which they are shown.</summary>
public static class AttackCatalogue
{
    public static IReadOnlyList<IAttack> All { get; } =
    [
        new ReplayedMessage(),
        new ChangedCiphertext(),
        new DesynchronisedKeys(),
        new WrongRound(),
        new ReflectedMessage(),
        new UnknownClient(),
        new ReplayedSession(),
    ];
}
