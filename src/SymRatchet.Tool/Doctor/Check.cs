namespace SymRatchet.Tool.Doctor;

/// <summary>One thing that was looked at: how it is, and what to do about it.</summary>
internal sealed record Check(string Name, CheckState State, string Finding, string? Advice)
{
    internal static Check Ok(string name, string finding) => new(name, CheckState.Ok, finding, null);

    internal static Check Warn(string name, string finding, string advice) =>
        new(name, CheckState.Warn, finding, advice);

    internal static Check Fail(string name, string finding, string advice) =>
        new(name, CheckState.Fail, finding, advice);
}
