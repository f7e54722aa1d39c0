namespace SymRatchet.IntegrationTests.Processes;

/// <summary>How a sample's run ended.</summary>
internal sealed record SampleResult(int ExitCode, string[] Output, string[] Error)
{
    /// <summary>Asserts that it failed with one clear line on standard error, and nothing else there.</summary>
    internal void AssertFails(int exitCode, string partOfReason)
    {
        string line = Assert.Single(Error);
        Assert.StartsWith("error: ", line, StringComparison.Ordinal);
        Assert.Contains(partOfReason, line, StringComparison.Ordinal);
        Assert.Equal(exitCode, ExitCode);
    }

    internal void AssertSucceeds()
    {
        Assert.Empty(Error);
        Assert.Equal(0, ExitCode);
    }
}
