using System.Diagnostics;
using SymRatchet.Documents.Tests.Markdown;
using SymRatchet.Documents.Tests.Running;

namespace SymRatchet.Documents.Tests;

/// <summary>The whole programs of the documents, built and run as they stand there.</summary>
public sealed class ProgramTests
{
    private const string GettingStarted = "docs/getting-started.md";

    [Fact]
    public void Every_program_is_run_by_a_test_here() =>
        Assert.Equal(
            [("README.md", 1), (GettingStarted, 2)],
            Document
                .All.Select(document => (document.Path, document.Blocks.Count(block => block.IsProgram)))
                .Where(found => found.Item2 > 0)
        );

    [Fact]
    public async Task The_program_of_the_README_says_what_its_document_says()
    {
        using TemporaryFolder folder = new();
        string program = await DocumentProgram.BuildAsync(folder, "Readme", Program("README.md", 0), "SymRatchet");
        Assert.Equal("sensor-17: 21.5 degrees", await ProcessRun.GoodAsync(folder.Path, ProcessRun.Dotnet, program));
    }

    [Fact]
    public async Task Server_and_client_of_the_first_guide_find_each_other_twice()
    {
        using TemporaryFolder folder = new();
        string server = await DocumentProgram.BuildAsync(
            folder,
            "Server",
            Program(GettingStarted, 0),
            "SymRatchet",
            "SymRatchet.KeyStores.Sqlite"
        );
        string client = await DocumentProgram.BuildAsync(folder, "Client", Program(GettingStarted, 1), "SymRatchet");
        foreach (CodeBlock commands in new Document(GettingStarted).Blocks.Where(block => block.Language == "sh"))
            await ToolCommand.RunAsync(folder.Path, commands.Text);

        using Process serving = ProcessRun.Start(folder.Path, ProcessRun.Dotnet, server, "0");
        try
        {
            string port = (await serving.StandardOutput.ReadLineAsync())!.Split(' ')[^1];
            string[] says = ["the server says: 3 readings", "the server says: 3 readings"];
            foreach (string expected in says)
                Assert.Equal(expected, await ProcessRun.GoodAsync(folder.Path, ProcessRun.Dotnet, client, port));

            Assert.Equal("sensor-17: 21.5", await serving.StandardOutput.ReadLineAsync());
        }
        finally
        {
            serving.Kill();
        }
    }

    private static CodeBlock Program(string document, int index) =>
        new Document(document).Blocks.Where(block => block.IsProgram).ElementAt(index);
}
