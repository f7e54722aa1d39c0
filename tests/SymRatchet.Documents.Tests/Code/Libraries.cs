using System.Reflection;
using SymRatchet.TestKit;

namespace SymRatchet.Documents.Tests.Code;

/// <summary>The assemblies of all packages but the tool, which is a program.</summary>
internal static class Libraries
{
    internal static Assembly[] All { get; } =
    [
        .. Directory
            .EnumerateFiles(Repository.PathOf("src"), "*.csproj", SearchOption.AllDirectories)
            .Select(file => Path.GetFileNameWithoutExtension(file))
            .Where(name => name != "SymRatchet.Tool")
            .Order(StringComparer.Ordinal)
            .Select(Assembly.Load),
    ];
}
