using System.Diagnostics;
using System.Reflection;
using SymRatchet.KeyStores.Sqlite;

namespace SymRatchet.Comparison.Peers;

/// <summary>
/// <c>symratchet tunnel server</c> and <c>client</c> as the guides start them: the server's keys in SQLite, the
/// client's in a key file, a line in the log for each connection.
/// </summary>
internal sealed class SymRatchetTunnelPeer(string name, bool multiplex) : TunnelPeer
{
    // A file to measure in place of the one that is built with this program, such as the tool as native code.
    private const string ToolVariable = "SYMRATCHET_TOOL";

    // More than any scenario opens.
    private const string Connections = "100000";

    internal override string Name => name;

    private protected override bool IsOnTheWire => false;

    private static string Tool =>
        Environment.GetEnvironmentVariable(ToolVariable)
        ?? typeof(SymRatchetTunnelPeer)
            .Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(metadata => metadata.Key == "Tool")
            .Value + (OperatingSystem.IsWindows() ? ".exe" : "");

    private string Store => Folder.PathOf("server.keys");

    private string KeyFile => Folder.PathOf("client.key");

    private protected override async Task PrepareAsync()
    {
        PreSharedKey key = PreSharedKey.Import("benchmark", RunSecret.Bytes);
        await using var store = SqliteKeyStore.Open(Store, ChannelRole.Server);
        await store.AddAsync(key);
        key.WriteCredentialFile(KeyFile);
    }

    private protected override Process Start(bool client, int listen, int target)
    {
        string[] arguments = client
            ? ["client", "--connect", $"127.0.0.1:{target}", "--key", KeyFile]
            : ["server", "--forward", $"127.0.0.1:{target}", "--store", Store, "--max-connections-per-id", Connections];
        return ExternalProgram.StartFile(
            Tool,
            [
                "tunnel",
                .. arguments,
                "--listen",
                $"127.0.0.1:{listen}",
                "--max-connections",
                Connections,
                .. multiplex ? (string[])["--multiplex"] : [],
            ]
        );
    }
}
