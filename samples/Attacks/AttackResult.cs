using SymRatchet.Samples.Attacks.Lab;

namespace SymRatchet.Samples.Attacks;

/// <summary>An attack that was run, beside what was expected of it.</summary>
public sealed record AttackResult(IAttack Attack, ChannelProtocol Protocol, AttackReport Report)
{
    public bool IsExpected => Report.Verdict == Attack.Expected(Protocol);

    /// <summary>The verdict in words.</summary>
    public string Words =>
        (Report.Verdict, IsExpected) switch
        {
            (Verdict.Refused, true) => "refused",
            (Verdict.Accepted, true) => $"accepted (known weakness of {SampleOptions.NameOf(Protocol)})",
            (Verdict.NotTried, _) => "NOT TRIED",
            (Verdict.Refused, false) => "refused, but it was expected to succeed",
            _ => "ACCEPTED",
        };
}
