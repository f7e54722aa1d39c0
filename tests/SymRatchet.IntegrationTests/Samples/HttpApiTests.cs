using SymRatchet.IntegrationTests.Processes;

namespace SymRatchet.IntegrationTests.Samples;

/// <summary>The sample of HTTP, gRPC and SignalR, in one process and in two.</summary>
public sealed class HttpApiTests
{
    [Fact]
    public async Task One_command_shows_all_three()
    {
        SampleResult result = await SampleProcess.RunAsync("HttpApi");
        result.AssertSucceeds();
        Assert.Equal(6, result.Output.Count(line => line.StartsWith("ok", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Server_and_client_may_be_two_processes_with_one_credential()
    {
        string folder = Directory.CreateTempSubdirectory("symratchet-httpapi-").FullName;
        try
        {
            string credential = Path.Combine(folder, "sensor-17.credential");
            using (var key = PreSharedKey.Generate("sensor-17"))
                key.WriteCredentialFile(credential);
            await using SampleProcess server = SampleProcess.Start(
                "HttpApi",
                "server",
                "--credential",
                credential,
                "--port",
                "0"
            );
            string address = (await server.WaitForOutputAsync("listening on "))["listening on ".Length..];
            SampleResult client = await SampleProcess.RunAsync(
                "HttpApi",
                "client",
                "--credential",
                credential,
                "--connect",
                address
            );
            client.AssertSucceeds();
            Assert.Contains(client.Output, line => line.Contains("sensor-17: all is well", StringComparison.Ordinal));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
