using System.Net;
using System.Net.Sockets;

namespace SymRatchet.Comparison.Running;

/// <summary>Addresses of this machine to connect from, so that neither ports nor limits by address run out.</summary>
/// <param name="block">The third byte of all of them: 127.0.block.1 to 250.</param>
/// <param name="count">How many take turns.</param>
internal sealed class LoopbackAddresses(byte block, int count)
{
    internal const int Most = 250;

    // A client's address has some 28,000 ports; the kernel searches long for the last ones.
    private const int ClientsPerAddress = 20_000;

    // 127.0.0.1 is where servers listen.
    private readonly int _first = block == 0 ? 2 : 1;

    /// <summary>As few addresses as so many clients need.</summary>
    internal static LoopbackAddresses For(int clients, byte block = 0) =>
        new(block, Math.Clamp(1 + ((clients - 1) / ClientsPerAddress), 1, Most));

    /// <summary>The address of a client.</summary>
    internal IPAddress this[int client] => new([127, 0, block, (byte)(_first + (client % count))]);

    /// <summary>Connects to a port of 127.0.0.1 from one of them.</summary>
    internal static async ValueTask<Socket> DialAsync(
        IPAddress? from,
        int port,
        CancellationToken cancellationToken = default
    )
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            if (from is not null)
                socket.Bind(new IPEndPoint(from, 0));
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), cancellationToken);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
