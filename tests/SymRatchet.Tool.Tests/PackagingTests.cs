using SymRatchet.Programs.Tests.Running;
using SymRatchet.TestKit;
using SymRatchet.Tool.Tests.Running;
using SymRatchet.Tool.Tunnels;

namespace SymRatchet.Tool.Tests;

/// <summary>What is in packaging/: the units are valid and confined, and the examples are configurations.</summary>
public sealed class PackagingTests : IDisposable
{
    // In tenths of systemd's exposure, where 100 is worst: it calls up to 40 OK.
    private const string LargestExposure = "25";

    private static readonly string Systemd = Repository.PathOf("packaging", "systemd");

    private readonly string _folder = Directory.CreateTempSubdirectory("packaging-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [SkippableTheory]
    [InlineData("server")]
    [InlineData("client")]
    public async Task A_unit_is_valid_and_confined(string role)
    {
        Installed.PathOf("systemd-analyze", "systemd");
        string unit = $"symratchet-tunnel-{role}@";
        string text = await File.ReadAllTextAsync(Path.Combine(Systemd, unit + ".service"));
        Assert.Contains("/usr/bin/symratchet tunnel --config", text, StringComparison.Ordinal);
        // It must name a program that is there.
        string copy = Path.Combine(_folder, unit + "test.service");
        await File.WriteAllTextAsync(copy, text.Replace("/usr/bin/symratchet", "/bin/true", StringComparison.Ordinal));
        await AnalyzeAsync("verify", "--man=no", copy);
        await AnalyzeAsync("security", "--offline=yes", $"--threshold={LargestExposure}", "--no-pager", copy);
    }

    [Theory]
    [InlineData("server")]
    [InlineData("client")]
    public void A_unit_waits_longer_than_its_example_drains_and_owns_its_keys(string role)
    {
        string[] unit = File.ReadAllLines(Path.Combine(Systemd, $"symratchet-tunnel-{role}@.service"));
        string example = Assert.Single(
            Directory.GetFiles(Repository.PathOf("packaging", "examples"), $"{role}-*.json")
        );
        var settings = TunnelConfiguration.ReadFile(example);
        Assert.Equal(role == "server" ? (1, 0) : (0, 1), (settings.Servers.Count, settings.Clients.Count));
        Assert.Equal("/var/lib/" + ValueOf("StateDirectory"), Path.GetDirectoryName(KeysOf(settings)));
        // The host allows 20 s beyond the tunnels' own limits.
        double limit = double.Parse(ValueOf("TimeoutStopSec"), System.Globalization.CultureInfo.InvariantCulture);
        Assert.True(limit > settings.LongestDrain.TotalSeconds + 20);
        Assert.Contains($"User={ValueOf("User")}", unit);
        Assert.Contains(
            $"u {ValueOf("User")} - ",
            File.ReadAllText(Path.Combine(Systemd, "symratchet.sysusers")),
            StringComparison.Ordinal
        );

        string ValueOf(string name) =>
            unit.Single(line => line.StartsWith(name + "=", StringComparison.Ordinal))[(name.Length + 1)..];
    }

    private static string KeysOf(TunnelSettings settings) =>
        settings.Servers is [var server, ..] ? server.Store.File! : settings.Clients[0].Key;

    private static async Task AnalyzeAsync(params string[] args)
    {
        using var process = ToolProcess.StartProgram("systemd-analyze", args);
        ToolRun run = await process.RunAsync();
        string said = run.Output + run.Error;
        Assert.True(run.ExitCode == 0, $"{string.Join(' ', args)}: {said}");
        // What it does not know or ignores is a warning, and no failure.
        if (args[0] == "verify")
            Assert.Equal("", said);
    }
}
