using System.Text.RegularExpressions;

namespace SymRatchet.Documents.Tests.Markdown;

/// <summary>
/// The requirements of a specification: items of lists that begin with an id, such as <c>- **R5.1-3** ...</c>.
/// </summary>
internal sealed partial class Specification
{
    private readonly List<Requirement> _requirements = [];
    private readonly List<string> _rest = [];

    /// <param name="prose">The lines outside of blocks.</param>
    internal Specification(IEnumerable<string> prose)
    {
        string section = "";
        Requirement? current = null;
        foreach (string line in prose)
        {
            if (Heading().Match(line) is { Success: true } heading)
                section = heading.Groups[1].Value;
            if (Id().Match(line) is { Success: true } id)
                _requirements.Add(current = new Requirement(id.Groups[1].Value, section, line));
            else if (current is not null && line.StartsWith("  ", StringComparison.Ordinal))
                _requirements[^1] = current = current with { Text = current.Text + line };
            else
            {
                current = null;
                _rest.Add(line);
            }
        }
    }

    internal IReadOnlyList<Requirement> Requirements => _requirements;

    /// <summary>
    /// What is wrong with the requirements and the tests that name some of them, each as a line for a reader.
    /// </summary>
    internal IEnumerable<string> Faults(IReadOnlySet<string> tested)
    {
        HashSet<string> ids = [.. _requirements.Select(requirement => requirement.Id)];
        return _requirements
            .Where(requirement => !KeyWord().IsMatch(requirement.Text))
            .Select(requirement => $"{requirement.Id} has no MUST, SHOULD or MAY")
            .Concat(
                _requirements
                    .Where((requirement, i) => requirement.Id != Expected(i))
                    .Select(requirement => $"{requirement.Id} is out of place in section {requirement.Section}")
            )
            .Concat(
                _rest
                    .Where(line => KeyWord().IsMatch(line) && !Quoted().IsMatch(line))
                    .Select(line => $"a key word outside of a requirement: {line}")
            )
            .Concat(ids.Except(tested).Select(id => $"{id} has no test"))
            .Concat(tested.Except(ids).Select(id => $"a test names {id}, which there is not"));
    }

    private string Expected(int i)
    {
        string section = _requirements[i].Section;
        return $"R{section}-{_requirements.Take(i + 1).Count(requirement => requirement.Section == section)}";
    }

    [GeneratedRegex(@"^#+ ([\d.]+?)\.? ")]
    private static partial Regex Heading();

    [GeneratedRegex(@"^- \*\*(R[\d.]+-\d+)\*\* ")]
    private static partial Regex Id();

    [GeneratedRegex(@"\b(MUST|SHOULD|MAY)\b")]
    private static partial Regex KeyWord();

    // The sentence that says what the key words are.
    [GeneratedRegex("\"(MUST|SHOULD|MAY)")]
    private static partial Regex Quoted();

    internal sealed record Requirement(string Id, string Section, string Text);
}
