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
            Assert.DoesNotContain("restored from a backup", server.Process.Everything, StringComparison.Ordinal);

            (await server.RunClientAsync("south", "--store", _client)).AssertFails(1, "holds the key of north");
            (await server.RunClientAsync("south", "--store", _client + ".2")).AssertFails(1, "once with --keys");
            Assert.False(File.Exists(_client + ".2"));
            (await server.RunClientAsync("north", "--store", _server)).AssertFails(1, "neither a credential nor");
        }
    }

    [Fact]
    public async Task A_client_needs_the_file_that_was_carried_to_it_and_nothing_else()
    {
        string credential = Path.Combine(_folder, "north.credential");
        using (var key = PreSharedKey.Import("north", Convert.FromHexString(new string('5', 64))))
            key.WriteCredentialFile(credential);
        await using ServerProcess server = await ServerProcess.StartAsync("--keys", _keys, "--store", _server);
        (await server.RunClientAsync("north", "--store", credential)).AssertSucceeds();
        (await server.RunClientAsync("north", "--store", credential)).AssertSucceeds();
        Assert.StartsWith("symratchet key file", await File.ReadAllTextAsync(credential), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_empty_store_without_keys_is_refused()
    {
        SampleResult result = await SampleProcess.RunAsync("Server", "--listen", "127.0.0.1:0", "--store", _server);
        result.AssertFails(1, "there is no client");
    }
}
