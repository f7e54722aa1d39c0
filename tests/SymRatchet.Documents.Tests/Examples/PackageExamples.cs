using System.Net;
using System.Text;
using SymRatchet.KeyStores.Sqlite;

namespace SymRatchet.Documents.Tests.Examples;

/// <summary>What the packages' own READMEs show.</summary>
public sealed class PackageExamples : CurrentFolder
{
    [Fact]
    public async Task Both_sides_of_a_channel_in_one_program()
    {
        using PreSharedKey key = PreSharedKey.Generate("sensor-17"); // the one thing that both sides share
        using InMemoryKeyStore keys = new(ChannelRole.Server); // the server may know many clients
        keys.Add(key);
        await using SecureChannelListener listener = SecureChannelListener.Listen(
            new IPEndPoint(IPAddress.Loopback, 0),
            new() { Keys = keys }
        );

        await using ISecureChannel client = await SecureChannel.ConnectAsync(
            listener.LocalEndPoint,
            new() { Key = key }
        );
        await client.SendAsync("21.5 degrees"u8.ToArray());
        await client.CloseAsync(); // all is said, and the server can prove it

        await foreach (ISecureChannel server in listener.AcceptAllAsync())
        {
            await foreach (ReadOnlyMemory<byte> message in server.ReadAllAsync())
                Console.WriteLine($"{server.Peer.ClientId}: {Encoding.UTF8.GetString(message.Span)}");
            await server.DisposeAsync();
            break; // one client is enough here; a server serves each with a task: listener.ServeAsync
        }
    }

    [Fact]
    public async Task A_key_in_SQLite()
    {
        await using SqliteKeyStore store = SqliteKeyStore.Open("server.keys", ChannelRole.Server);
        using PreSharedKey key = PreSharedKey.Generate("sensor-18");
        await store.AddAsync(key);
        Assert.NotNull(Assert.Single(await store.ListAsync(default, 10)));
    }
}
