// A whole server: it makes a key for one client at its first start, and prints what that client says.
using System.Net;
using System.Text;
using SymRatchet;
using SymRatchet.KeyStores.Sqlite;

await using var keys = SqliteKeyStore.Open("server.keys", ChannelRole.Server);
if (await keys.DescribeAsync("sensor-17") is null)
{
    using var key = PreSharedKey.Generate("sensor-17");
    key.WriteCredentialFile("sensor-17.credential"); // carry this file to the client
    await keys.AddAsync(key);
}

using CancellationTokenSource stopping = new();
Console.CancelKeyPress += (_, pressed) =>
{
    pressed.Cancel = true;
    stopping.Cancel();
};
IPEndPoint local = new(IPAddress.Loopback, args.Length > 0 ? int.Parse(args[0]) : 7017);
await using var listener = SecureChannelListener.Listen(local, new() { Keys = keys });
Console.WriteLine($"listening on {listener.LocalEndPoint}");
await listener.ServeAsync(PrintAsync, stopping.Token);

static async Task PrintAsync(ISecureChannel channel, CancellationToken stop)
{
    try
    {
        await foreach (ReadOnlyMemory<byte> message in channel.ReadAllAsync(stop))
            Console.WriteLine($"{channel.Peer.ClientId}: {Encoding.UTF8.GetString(message.Span)}");
    }
    catch (SecureChannelException e)
    {
        // what came before is printed; nothing follows
        Console.Error.WriteLine($"{channel.Peer.ClientId}: {e.Message}");
    }
}
