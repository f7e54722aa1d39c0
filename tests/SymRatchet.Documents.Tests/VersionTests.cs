using System.Text.Json;
using SymRatchet.Documents.Tests.Running;

namespace SymRatchet.Documents.Tests;

/// <summary>What version is built from where: the table of CONTRIBUTING.md.</summary>
[Collection(nameof(SourceCopy))]
public sealed class VersionTests : IDisposable
{
    private const string Unknown = "0.1.0-alpha.0";

    private readonly TemporaryFolder _folder = new();

    public VersionTests() => SourceCopy.Make(_folder, "src/SymRatchet");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Sources_without_git_have_a_version_that_says_nothing()
    {
        Assert.Equal((Unknown, Unknown, "0.1.0.0"), await VersionOfAsync(_folder.Path));
    }

    [Fact]
    public async Task Sources_without_git_in_a_repository_of_something_else_do_not_take_its_version()
    {
        using TemporaryFolder other = new();
        await CommitAsync(other.Path);
        await GitAsync(other.Path, "tag", "v9.0.0");
        string inside = other.PathOf("inside");
        SourceCopy.Make(inside, "src/SymRatchet");
        Assert.Equal((Unknown, Unknown, "0.1.0.0"), await VersionOfAsync(inside));
    }

    [Fact]
    public async Task A_commit_has_the_version_of_its_tag_and_any_other_commit_one_of_its_own()
    {
        string first = await CommitAsync(_folder.Path);
        Assert.Equal(Unknown + first, (await VersionOfAsync(_folder.Path)).Package);
        string second = await CommitAsync(_folder.Path);
        Assert.Equal(Unknown + ".1" + second, (await VersionOfAsync(_folder.Path)).Package);

        await GitAsync(_folder.Path, "tag", "v0.2.0-beta.1");
        Assert.Equal(("0.2.0-beta.1", "0.2.0-beta.1", "0.2.0.0"), await VersionOfAsync(_folder.Path));
        await GitAsync(_folder.Path, "tag", "v0.2.0");
        Assert.Equal(("0.2.0", "0.2.0", "0.2.0.0"), await VersionOfAsync(_folder.Path));
        Assert.Equal(
            "0.2.0-uncommitted-0123456",
            (await VersionOfAsync(_folder.Path, "-p:UncommittedTree=0123456")).Package
        );

        string third = await CommitAsync(_folder.Path);
        string version = "0.2.1-alpha.0.1" + third;
        Assert.Equal((version, version, "0.2.0.0"), await VersionOfAsync(_folder.Path));
        Assert.Equal(
            "0.2.1-alpha.0.1.uncommitted-0123456",
            (await VersionOfAsync(_folder.Path, "-p:UncommittedTree=0123456")).Package
        );

        using TemporaryFolder shallow = new();
        await GitAsync(shallow.Path, "clone", "--quiet", "--depth", "1", new Uri(_folder.Path).AbsoluteUri, ".");
        Assert.Equal(Unknown + third, (await VersionOfAsync(shallow.Path)).Package);
    }

    // As strict as a build can be: a warning would end it.
    private static async Task<(string Package, string Shown, string Assembly)> VersionOfAsync(
        string folder,
        params string[] more
    )
    {
        string said = await ProcessRun.GoodAsync(
            folder,
            ProcessRun.Dotnet,
            [
                "msbuild",
                "src/SymRatchet",
                "-restore",
                "-warnAsError",
                "-target:MinVer",
                "-getProperty:PackageVersion,InformationalVersion,AssemblyVersion",
                .. more,
            ]
        );
        using var properties = JsonDocument.Parse(said);
        string Of(string name) => properties.RootElement.GetProperty("Properties").GetProperty(name).GetString()!;
        return (Of("PackageVersion"), Of("InformationalVersion"), Of("AssemblyVersion"));
    }

    // What follows the height in the commit's version.
    private static async Task<string> CommitAsync(string folder)
    {
        await GitAsync(folder, "init", "--quiet");
        await GitAsync(folder, "add", "--all", "--", ":!*/obj");
        await GitAsync(folder, "commit", "--quiet", "--allow-empty", "--message", "A change");
        return ".g" + (await GitAsync(folder, "rev-parse", "HEAD"))[..7];
    }

    private static Task<string> GitAsync(string folder, params string[] args) =>
        ProcessRun.GoodAsync(folder, "git", ["-c", "user.name=Test", "-c", "user.email=test@localhost", .. args]);
}
