using System.Globalization;
using SymRatchet.IntegrationTests.Processes;

namespace SymRatchet.IntegrationTests.Stress;

/// <summary>
/// The stress of tests/SymRatchet.Stress, for a minute, or as many as SYMRATCHET_STRESS_MINUTES says. Each run has a
/// seed of its own, and says it.
/// </summary>
public sealed class StressTests
{
    // What is left of a step, a last look at memory and handles, and a machine that others use.
    private static readonly TimeSpan Slack = TimeSpan.FromMinutes(4);

    [Fact]
    public async Task Every_invariant_holds_under_stress_on_real_sockets()
    {
        string? wanted = Environment.GetEnvironmentVariable("SYMRATCHET_STRESS_MINUTES");
        string minutes = string.IsNullOrEmpty(wanted) ? "1" : wanted;
        string seed = Random.Shared.Next().ToString(CultureInfo.InvariantCulture);
        await using var stress = SampleProcess.StartStress("--minutes", minutes, "--seed", seed, "--parallel", "6");

        SampleResult result = await stress.WaitForExitAsync(
            TimeSpan.FromMinutes(double.Parse(minutes, CultureInfo.InvariantCulture)) + Slack
        );

        Assert.True(result.ExitCode == 0, stress.Everything);
        Assert.Contains(result.Output, line => line == "every invariant held");
    }
}
