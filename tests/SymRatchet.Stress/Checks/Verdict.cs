using System.Text.RegularExpressions;

namespace SymRatchet.Stress.Checks;

/// <summary>
/// Every invariant that was found broken, told as it is found; of many that are alike, the first few.
/// </summary>
internal sealed partial class Verdict
{
    private const int ToldOfAKind = 3;
    private const int KindLength = 70;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, int> _kinds = new(StringComparer.Ordinal);

    internal int Failures { get; private set; }

    internal void Fail(string what)
    {
        string kind = Numbers().Replace(what, "#");
        kind = kind[..Math.Min(kind.Length, KindLength)];
        lock (_gate)
        {
            Failures++;
            int alike = _kinds[kind] = _kinds.GetValueOrDefault(kind) + 1;
            if (alike <= ToldOfAKind)
                Console.WriteLine($"FAILED: {what}");
        }
    }

    internal void Sum()
    {
        lock (_gate)
        {
            foreach ((string kind, int count) in _kinds)
                Console.WriteLine($"{count} times: {kind.ReplaceLineEndings(" ")}");
        }
    }

    [GeneratedRegex("[0-9]+")]
    private static partial Regex Numbers();
}
