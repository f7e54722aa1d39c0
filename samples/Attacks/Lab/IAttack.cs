namespace SymRatchet.Samples.Attacks.Lab;

/// <summary>One attack: a name, how it works, what it should achieve, and the attack itself.</summary>
public interface IAttack
{
    string Name { get; }

    /// <summary>How it works, in two lines.</summary>
    string How { get; }

    /// <summary>What it should achieve against a protocol.</summary>
    Verdict Expected(ChannelProtocol protocol) => Verdict.Refused;

    Task<AttackReport> RunAsync(Laboratory laboratory, CancellationToken cancellationToken);
}
