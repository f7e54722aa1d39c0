namespace SymRatchet.Samples.Attacks.Lab;

/// <summary>One attack: a name, how it works, what it should achieve, and the attack itself.</summary>
public interface IAttack
{
    string Name { get; }

    /// <summary>How it works, in two lines.</summary>
    string How { get; }

    /// <summary>Why it achieves what it does, for each protocol, in a sentence.</summary>
    string Why { get; }

    /// <summary>Whether it must see or touch the inside of an end, which a live server does not let it.</summary>
    bool NeedsInside => false;

    /// <summary>What it should achieve against a protocol.</summary>
    Verdict Expected(ChannelProtocol protocol) => Verdict.Refused;

    Task<AttackReport> RunAsync(Laboratory laboratory, CancellationToken cancellationToken);
}
