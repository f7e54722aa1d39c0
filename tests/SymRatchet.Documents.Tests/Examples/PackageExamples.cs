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
        using var key = PreSharedKey.Generate("sensor-17"); // the only secret; both sides have it
        using InMemoryKeyStore keys = new(ChannelRole.Server); // a server can know many clients
        keys.Add(key);
        IPEndPoint local = new(IPAddress.Loopback, 0);
        await using var listener = SecureChannelListener.Listen(local, new() { Keys = keys });

        await using var client = await SecureChannel.ConnectAsync(listener.LocalEndPoint, new() { Key = key });
        await client.SendAsync("21.5 degrees"u8.ToArray());
        await client.CloseAsync(); // tells the server, authenticated, that nothing more follows

        await using var server = await listener.AcceptAllAsync().FirstAsync();
        await foreach (ReadOnlyMemory<byte> message in server.ReadAllAsync())
            Console.WriteLine($"{server.Peer.ClientId}: {Encoding.UTF8.GetString(message.Span)}");
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
