using SymRatchet.Documents.Tests.Markdown;
using SymRatchet.Documents.Tests.Running;

namespace SymRatchet.Documents.Tests;

/// <summary>
/// The blocks of a document that are marked as <c>sh</c> run as they stand, one after the other in a fresh folder.
/// </summary>
public sealed class CommandTests
{
    public static TheoryData<string> WithCommands =>
        [.. Document.All.Where(document => document.Blocks.Any(IsShell)).Select(document => document.Path)];

    [Theory]
    [MemberData(nameof(WithCommands))]
    public async Task Every_command_of_the_tool_runs_as_it_stands(string path)
    {
        if (OperatingSystem.IsWindows())
            return; // the commands are those of a Unix shell

        using TemporaryFolder folder = new();
        foreach (CodeBlock block in new Document(path).Blocks.Where(IsShell))
            await ToolCommand.RunAsync(folder.Path, block.Text);
    }

    private static bool IsShell(CodeBlock block) => block.Language == "sh";
}
