using System.Diagnostics;
using SymRatchet.IntegrationTests.Processes;
using SymRatchet.TestKit;

namespace SymRatchet.IntegrationTests.Samples;

/// <summary>The two smallest programs, each a file of at most 40 lines, in a folder where nothing is yet.</summary>
public sealed class MinimalTests : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(60);

    private readonly string _folder = Directory.CreateTempSubdirectory("symratchet-").FullName;

    [Fact]
    public async Task What_is_typed_at_the_client_is_printed_by_the_server_after_a_restart_of_both_too()
    {
        foreach (string said in (string[])["21.5 degrees", "21.6 degrees"])
        {
            using Process server = Start("Server", "0");
            string? listening = await server.StandardOutput.ReadLineAsync().WaitAsync(Timeout);
            using Process client = Start("Client", listening!.Split(':')[^1]);
            await client.StandardInput.WriteLineAsync(said);
            client.StandardInput.Close();
            Assert.Equal($"sensor-17: {said}", await server.StandardOutput.ReadLineAsync().WaitAsync(Timeout));
            await client.WaitForExitAsync().WaitAsync(Timeout);
            Assert.Equal(0, client.ExitCode);
            server.Kill();
            await server.WaitForExitAsync().WaitAsync(Timeout);
            Assert.Equal("", await server.StandardError.ReadToEndAsync());
        }
    }

    [Theory]
    [InlineData("Server")]
    [InlineData("Client")]
    public void Each_is_one_file_of_at_most_40_lines(string side)
    {
        string file = Assert.Single(Directory.GetFiles(Repository.PathOf("samples", "Minimal", side), "*.cs"));
        Assert.InRange(File.ReadAllLines(file).Length, 1, 40);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private Process Start(string side, string port)
    {
        string program = Repository.PathOf(
            "samples",
            "Minimal",
            side,
            SampleProcess.Binaries,
            $"SymRatchet.Samples.Minimal.{side}.dll"
        );
        return Process.Start(
            new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", [program, port])
            {
                WorkingDirectory = _folder,
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        )!;
    }
}
