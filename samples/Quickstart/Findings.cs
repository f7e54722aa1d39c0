namespace SymRatchet.Samples.Quickstart;

/// <summary>What was checked, and what did not come out as expected.</summary>
internal sealed class Findings
{
    private readonly List<string> _unexpected = [];

    internal int Checked { get; private set; }

    internal IReadOnlyList<string> Unexpected => _unexpected;

    internal void Check(bool expected, string otherwise)
    {
        Checked++;
        if (!expected)
            _unexpected.Add(otherwise);
    }
}
