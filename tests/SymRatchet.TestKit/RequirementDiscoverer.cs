using Xunit.Abstractions;
using Xunit.Sdk;

namespace SymRatchet.TestKit;

/// <summary>Tells xunit of the traits that <see cref="RequirementAttribute"/> stands for.</summary>
public sealed class RequirementDiscoverer : ITraitDiscoverer
{
    public IEnumerable<KeyValuePair<string, string>> GetTraits(IAttributeInfo traitAttribute) =>
        from id in (IEnumerable<object>)traitAttribute.GetConstructorArguments().Single()
        select KeyValuePair.Create("Requirement", (string)id);
}
