using SymRatchet.IntegrationTests.Processes;

namespace SymRatchet.IntegrationTests.Samples;

/// <summary>The samples with <c>--store</c>: keys that move forward for good, across restarts of both sides.</summary>
public sealed class StoreOptionTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("symratchet-samples-").FullName;
    private readonly string _keys;
    private readonly string _server;
    private readonly string _client;

    public StoreOptionTests()
    {
        _keys = Path.Combine(_folder, "keys.txt");
        _server = Path.Combine(_folder, "server.keys");
        _client = Path.Combine(_folder, "client.keys");
        File.WriteAllText(_keys, $"north {new string('5', 64)}\nsouth {new string('6', 64)}\n");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Both_sides_go_on_where_they_were_after_a_restart_and_need_the_keys_file_once()
    {
        await using (ServerProcess server = await ServerProcess.StartAsync("--keys", _keys, "--store", _server))
        {
            Assert.Contains("2 from " + _server, server.Process.Everything, StringComparison.Ordinal);
            (await server.RunClientAsync("north", "--keys", _keys, "--store", _client)).AssertSucceeds();
        }

        await using (ServerProcess server = await ServerProcess.StartAsync("--store", _server))
        {
            (await server.RunClientAsync("north", "--store", _client)).AssertSucceeds();
            (await server.RunClientAsync("north", "--store", _client)).AssertSucceeds();
            Assert.DoesNotContain("put back", server.Process.Everything, StringComparison.Ordinal);

            SampleResult unknown = await server.RunClientAsync("south", "--store", _client);
            unknown.AssertFails(1, "give it once with --keys");
        }
    }

    [Fact]
    public async Task An_empty_store_without_keys_is_refused()
    {
        SampleResult result = await SampleProcess.RunAsync("Server", "--listen", "127.0.0.1:0", "--store", _server);
        result.AssertFails(1, "there is no client");
    }
}
