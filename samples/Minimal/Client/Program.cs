// A whole client: it opens the key file that the server made, and sends what is typed, a line a message.
using System.Net;
using System.Text;
using SymRatchet;

await using var keys = await KeyFile.OpenAsync("sensor-17.credential");
IPEndPoint server = new(IPAddress.Loopback, args.Length > 0 ? int.Parse(args[0]) : 7017);
try
{
    await using ISecureChannel channel = await SecureChannel.ConnectAsync(server, new() { Keys = keys });
    Console.WriteLine($"connected to {channel.Peer}; type lines, and end with Ctrl-D");
    while (Console.ReadLine() is { } line)
        await channel.SendAsync(Encoding.UTF8.GetBytes(line));
    await channel.CloseAsync(); // all was said, and the server can prove it
}
catch (SecureChannelException e)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}

return 0;
