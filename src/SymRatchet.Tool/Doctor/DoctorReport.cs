namespace SymRatchet.Tool.Doctor;

/// <summary>All checks, and the worst of what they found.</summary>
internal sealed record DoctorReport(CheckState Worst, IReadOnlyList<Check> Checks)
{
    internal static DoctorReport Of(IReadOnlyList<Check> checks) => new(checks.Max(check => check.State), checks);
}
