namespace SymRatchet.Tool.Tests;

/// <summary>One run of the tool, in this process, and what it wrote.</summary>
internal sealed record ToolRun(int ExitCode, string Output, string Error)
{
    internal static async Task<ToolRun> RunAsync(params string[] args)
    {
        using StringWriter output = new();
        using StringWriter error = new();
        int exitCode = await ToolProgram.RunAsync(args, new ToolConsole(output, error));
        return new ToolRun(exitCode, output.ToString(), error.ToString());
    }

    /// <summary>Runs it, and expects that all goes well.</summary>
    internal static async Task<string> GoodAsync(params string[] args)
    {
        ToolRun run = await RunAsync(args);
        Assert.True(run.ExitCode == 0, $"{string.Join(' ', args)}: {run.Error}");
        return run.Output;
    }

    /// <summary>Runs it, and expects one line that says what is wrong.</summary>
    internal static async Task BadAsync(int exitCode, string partOfReason, params string[] args)
    {
        ToolRun run = await RunAsync(args);
        Assert.StartsWith("error: ", run.Error, StringComparison.Ordinal);
        Assert.Contains(partOfReason, run.Error, StringComparison.Ordinal);
        Assert.Single(run.Error.TrimEnd().Split('\n'));
        Assert.Equal(exitCode, run.ExitCode);
        Assert.Equal("", run.Output);
    }
}
