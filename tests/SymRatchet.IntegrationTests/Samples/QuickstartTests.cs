using System.Text.RegularExpressions;
using SymRatchet.IntegrationTests.Processes;

namespace SymRatchet.IntegrationTests.Samples;

/// <summary>The main job, as the README's first command runs it.</summary>
public sealed partial class QuickstartTests
{
    [Fact]
    public async Task Shows_rounds_fingerprints_epochs_suites_and_attacks()
    {
        SampleResult quickstart = await SampleProcess.RunAsync("Quickstart");

        quickstart.AssertSucceeds();
        string shown = string.Join('\n', quickstart.Output);
        string[] fingerprints = [.. Fingerprint().Matches(shown).Select(match => match.Value)];
        Assert.Equal(2 * 3 * 3, fingerprints.Length);
        Assert.Equal(fingerprints.Length, fingerprints.Distinct().Count());
        Assert.Contains("ChaCha20Poly1305", shown, StringComparison.Ordinal);
        Assert.Contains("accepted (known weakness of seed)", shown, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', shown);
    }

    [Fact]
    public async Task Says_what_an_option_that_it_does_not_have_is() =>
        (await SampleProcess.RunAsync("Quickstart", "--fast")).AssertFails(exitCode: 2, "--fast");

    [GeneratedRegex(@"\b[0-9a-f]{8}\b")]
    private static partial Regex Fingerprint();
}
