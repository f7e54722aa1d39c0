using Xunit.Sdk;

namespace SymRatchet.TestKit;

/// <summary>
/// Names the requirements of docs/protocol.md that a test holds. They are a trait of it: <c>dotnet test --filter
/// Requirement=R5.1-3</c> runs the tests of one. A test of the documents sees that each requirement has a test and each
/// name a requirement.
/// </summary>
/// <param name="ids">Such as <c>R5.1-3</c>.</param>
[AttributeUsage(AttributeTargets.Method)]
[TraitDiscoverer("SymRatchet.TestKit.RequirementDiscoverer", "SymRatchet.TestKit")]
public sealed class RequirementAttribute(params string[] ids) : Attribute, ITraitAttribute
{
    public IReadOnlyList<string> Ids { get; } = ids;
}
