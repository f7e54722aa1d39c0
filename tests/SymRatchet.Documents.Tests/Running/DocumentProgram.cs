using System.Reflection;
using SymRatchet.Documents.Tests.Markdown;
using SymRatchet.TestKit;

namespace SymRatchet.Documents.Tests.Running;

/// <summary>
/// A whole program out of a document, built as a project of its own against this build of the libraries.
/// </summary>
internal static class DocumentProgram
{
    private static readonly string Configuration = typeof(DocumentProgram)
        .Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(attribute => attribute.Key == "Configuration")
        .Value!;

    /// <summary>Builds it in a folder of this name.</summary>
    /// <returns>The path of its assembly.</returns>
    internal static async Task<string> BuildAsync(
        TemporaryFolder folder,
        string name,
        CodeBlock code,
        params string[] libraries
    )
    {
        string project = Directory.CreateDirectory(folder.PathOf(name)).FullName;
        await File.WriteAllTextAsync(Path.Combine(project, "Program.cs"), code.Text);
        await File.WriteAllTextAsync(
            Path.Combine(project, $"{name}.csproj"),
            $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <Nullable>enable</Nullable>
                <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
                <WarningsNotAsErrors>NU1900</WarningsNotAsErrors>
              </PropertyGroup>
              <ItemGroup>
                {string.Concat(
                libraries.Select(library =>
                    $"<ProjectReference Include=\"{Repository.PathOf("src", library, $"{library}.csproj")}\" />"
                )
            )}
              </ItemGroup>
            </Project>
            """
        );

        // The libraries are built already, perhaps by a build that is still at work on other projects: nothing of them
        // is built again.
        await ProcessRun.GoodAsync(
            project,
            ProcessRun.Dotnet,
            "build",
            "-c",
            Configuration,
            "--nologo",
            "-v",
            "quiet",
            "--property:BuildProjectReferences=false"
        );
        return Path.Combine(project, "bin", Configuration, "net10.0", $"{name}.dll");
    }
}
