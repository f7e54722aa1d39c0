using System.IO.Compression;
using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using SymRatchet.Documents.Tests.Running;
using SymRatchet.TestKit;

namespace SymRatchet.Documents.Tests;

/// <summary>The packages as they are packed from this build.</summary>
[Collection(nameof(SourceCopy))]
public sealed partial class PackageTests
{
    private static readonly string Configuration = typeof(PackageTests)
        .Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(attribute => attribute.Key == "Configuration")
        .Value!;

    public static TheoryData<string> Projects =>
        [
            .. Directory
                .EnumerateFiles(Repository.PathOf("src"), "*.csproj", SearchOption.AllDirectories)
                .Select(file => Path.GetFileNameWithoutExtension(file)),
        ];

    /// <summary>A package is shown where the repository's other files are not: nuget.org, an editor.</summary>
    [Theory]
    [MemberData(nameof(Projects))]
    public async Task Every_package_has_a_README_of_its_own_that_stands_by_itself(string project)
    {
        using TemporaryFolder folder = new();
        using ZipArchive package = await PackAsync(folder, project);
        string readme = Read(package, "README.md");
        Assert.StartsWith($"# {project}\n", readme, StringComparison.Ordinal);
        string[] targets = [.. Target().Matches(readme).Select(match => match.Groups[1].Value)];
        Assert.DoesNotContain(targets, target => !target.StartsWith("https://", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_tool_shows_the_version_of_its_package()
    {
        using TemporaryFolder folder = new();
        using ZipArchive package = await PackAsync(folder, "SymRatchet.Tool");
        var manifest = XElement.Parse(Read(package, "SymRatchet.Tool.nuspec"));
        string version = manifest.Descendants().Single(element => element.Name.LocalName == "version").Value;
        string shown = await ToolCommand.RunAsync(folder.Path, "symratchet --version");
        Assert.Equal(version, shown.Split('+')[0]);
    }

    private static async Task<ZipArchive> PackAsync(TemporaryFolder folder, string project)
    {
        string[] asBuilt =
        [
            "--no-build",
            "-c",
            Configuration,
            "-p:IncludeSymbols=false",
            "-p:EnablePackageValidation=false",
        ];
        string source = Repository.PathOf("src", project);
        await ProcessRun.GoodAsync(
            folder.Path,
            ProcessRun.Dotnet,
            ["pack", source, "--nologo", "-o", folder.Path, .. asBuilt]
        );
        return await ZipFile.OpenReadAsync(Assert.Single(Directory.GetFiles(folder.Path, "*.nupkg")));
    }

    private static string Read(ZipArchive package, string name)
    {
        ZipArchiveEntry? entry = package.GetEntry(name);
        Assert.NotNull(entry);
        using StreamReader reader = new(entry.Open());
        return reader.ReadToEnd();
    }

    // Of links, pictures and references, and of HTML, which Markdown may hold.
    [GeneratedRegex(@"(?:\]\(|^\[[^\]]+\]:\s*|(?:href|src)="")([^)\s""]+)", RegexOptions.Multiline)]
    private static partial Regex Target();
}
