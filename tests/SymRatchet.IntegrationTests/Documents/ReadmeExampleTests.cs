using System.Diagnostics;
using System.Reflection;
using SymRatchet.TestKit;

namespace SymRatchet.IntegrationTests.Documents;

/// <summary>The README's program, compiled and run as it stands there.</summary>
public sealed class ReadmeExampleTests
{
    private static readonly string Configuration = typeof(ReadmeExampleTests).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>().Single(attribute => attribute.Key == "Configuration").Value!;

    [Fact]
    public async Task The_program_runs_as_it_stands()
    {
        string folder = Directory.CreateTempSubdirectory("symratchet-readme-").FullName;
        try
        {
            string[] code = [.. File.ReadLines(Repository.PathOf("README.md")).SkipWhile(line => line != "```csharp").Skip(1).TakeWhile(line => line != "```")];
            await File.WriteAllLinesAsync(Path.Combine(folder, "Program.cs"), code);
            await File.WriteAllTextAsync(Path.Combine(folder, "Readme.csproj"), $"""
                <Project Sdk="Microsoft.NET.Sdk">
                  <PropertyGroup>
                    <OutputType>Exe</OutputType>
                    <TargetFramework>net10.0</TargetFramework>
                    <ImplicitUsings>enable</ImplicitUsings>
                    <Nullable>enable</Nullable>
                    <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
                  </PropertyGroup>
                  <ItemGroup>
                    <ProjectReference Include="{Repository.PathOf("src", "SymRatchet", "SymRatchet.csproj")}" />
                  </ItemGroup>
                </Project>
                """);

            Assert.Equal("sensor-17: 21.5 degrees", await RunAsync(folder));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<string> RunAsync(string folder)
    {
        using var process = Process.Start(new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet")
        {
            // The library is built already, perhaps by a build that is still at work on other projects: nothing of it is built again.
            ArgumentList = { "run", "-c", Configuration, "--property:BuildProjectReferences=false", "--project", folder },
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, output + await error);
        return output.Trim();
    }
}
