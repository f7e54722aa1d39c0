using SymRatchet.TestKit;

namespace SymRatchet.Programs.Tests;

/// <summary>
/// How much of each program is about channels and not about its own work: the regions that are marked as glue, counted
/// in lines that hold more than braces. A list that the formatter gives a line for each item counts once.
/// </summary>
public sealed class GlueTests
{
    private const string Here = "tests/SymRatchet.Programs.Tests/";
    private const string Cluster = "tests/SymRatchet.Connections.Tests/Orleans/ChannelCluster.cs";

    [Theory]
    [InlineData("samples/Forwarder/Forwarder.cs", "dial", 1)]
    [InlineData("samples/Forwarder/Forwarder.cs", "relay", 1)]
    [InlineData(Here + "Worker/MeasurementServer.cs", "receive", 4)]
    [InlineData(Here + "Worker/WorkerTests.cs", "reconnect", 4)] // these four make the worker: 17 lines
    [InlineData(Here + "Worker/MeasurementWorker.cs", "worker", 5)]
    [InlineData(Here + "Worker/MeasurementWorker.cs", "acknowledged", 5)]
    [InlineData(Here + "Worker/MeasurementWorker.cs", "close", 4)]
    [InlineData(Here + "ChannelStreams.cs", "mqtt", 3)]
    [InlineData(Here + "ChannelStreams.cs", "redis", 6)]
    [InlineData(Here + "ChannelStreams.cs", "nats", 10)]
    [InlineData(Cluster, "silo", 5)]
    [InlineData(Cluster, "client", 2)]
    public void The_glue_of_a_program_is_short(string file, string name, int limit)
    {
        string[] lines = File.ReadAllLines(Repository.PathOf(file));
        int start = Array.FindIndex(lines, line => line.Trim() == $"#region glue: {name}");
        Assert.True(start >= 0, $"{file} has no glue named {name}.");
        string[] glue =
        [
            .. lines.Skip(start + 1).TakeWhile(line => line.Trim() != "#endregion").Select(line => line.Trim()),
        ];
        Assert.NotEqual(lines.Length, start + 1 + glue.Length);
        int count = glue.Where((_, i) => i == 0 || !GoesOn(glue[i - 1]))
            .Count(line => line.Trim('{', '}', '(', ')', ';').Length > 0);
        Assert.InRange(count, 1, limit);
        Assert.All(glue, line => Assert.InRange(line.Length, 0, 120));
    }

    private static bool GoesOn(string before) => before.EndsWith(',') || before.EndsWith('(');
}
