using SymRatchet.KeyStores.Sqlite;
using SymRatchet.TestKit;

namespace SymRatchet.Tool.Tests;

/// <summary>A folder in which the tool works, with a server's store and a client's.</summary>
internal sealed class ToolFolder : IDisposable
{
    internal const string Name = "sensor-17";

    private readonly string _folder = Directory.CreateTempSubdirectory("symratchet-tool-").FullName;

    internal string Server => PathOf("server.keys");

    internal string Client => PathOf("client.keys");

    internal string PathOf(string name) => Path.Combine(_folder, name);

    internal async Task ProvisionAsync()
    {
        await ToolRun.GoodAsync("store", "init", "--store", Server);
        await ToolRun.GoodAsync("store", "init", "--store", Client, "--role", "Client");
        await ToolRun.GoodAsync("key", "add", Name, "--store", Server, "--out", PathOf("credential"));
        await ToolRun.GoodAsync(
            "key",
            "add",
            Name,
            "--store",
            Client,
            "--role",
            "Client",
            "--credential",
            PathOf("credential")
        );
    }

    internal async Task<bool> ConnectAsync(string? server = null)
    {
        await using var serverStore = SqliteKeyStore.Open(server ?? Server, ChannelRole.Server);
        await using var clientStore = SqliteKeyStore.Open(Client, ChannelRole.Client);
        try
        {
            await using ChannelPair pair = await ChannelPair.CreateAsync(
                new SecureChannelClientOptions { Keys = clientStore, ClientId = Name },
                new SecureChannelServerOptions { Keys = serverStore }
            );
            await pair.RoundAsync([1], [2]);
            return true;
        }
        catch (SecureChannelException)
        {
            return false;
        }
    }

    internal async Task<StoredKey?> FindAsync(string path)
    {
        await using var store = SqliteKeyStore.Open(path, ChannelRole.Server);
        return await store.FindAsync(Name);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
