using System.Reflection;
using SymRatchet.TestKit;

namespace SymRatchet.Documents.Tests.Running;

/// <summary>Shell commands of a document, with the tool of this build as <c>symratchet</c>.</summary>
internal static class ToolCommand
{
    private static readonly string Tool = Repository.PathOf(
        "src",
        "SymRatchet.Tool",
        typeof(ToolCommand)
            .Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(attribute => attribute.Key == "ToolBinaries")
            .Value!,
        "SymRatchet.Tool.dll"
    );

    /// <summary>Runs lines of a shell in a folder; the first that fails ends them.</summary>
    internal static Task<string> RunAsync(string folder, string lines) =>
        ProcessRun.GoodAsync(
            folder,
            "bash",
            "-euc",
            $"symratchet() {{ '{ProcessRun.Dotnet}' '{Tool}' \"$@\"; }}\n{lines}"
        );
}
