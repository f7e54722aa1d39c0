using System.Net;
using System.Net.Sockets;

namespace SymRatchet.Comparison.Peers;

/// <summary>
/// TLS over a pre-shared key by OpenSSL's library, in the way that costs it least: blocking sockets, each with a thread
/// that is there already.
/// </summary>
/// <param name="name">The name of the peer.</param>
/// <param name="version">The version of TLS. 1.3 makes a key exchange beside the key, as ordinary programs do.</param>
/// <param name="cipher">The suite.</param>
internal sealed class OpenSslPeer(string name, int version, string cipher) : WirePeer
{
    // More than are ever connected in the scenarios that it is in.
    private const int Threads = 8;

    private readonly Lazy<nint> _client = new(() => LibSsl.CreateContext(isServer: false, version, cipher));

    internal override string Name => name;

    internal override string? Missing => LibSsl.Missing;

    // Each idle connection would hold a thread.
    internal override bool Fits(string scenario) => scenario != "idle-connection" && base.Fits(scenario);

    internal override Task<PeerConnection> ConnectAsync(int port, string credential, IPAddress? from)
    {
        Socket socket = CreateSocket();
        if (from is not null)
            socket.Bind(new IPEndPoint(from, 0));
        socket.Connect(new IPEndPoint(IPAddress.Loopback, port));
        return Task.FromResult<PeerConnection>(
            new StreamConnection(new LibSslStream(_client.Value, socket, isServer: false))
        );
    }

    internal override Task<int> ListenAsync()
    {
        nint context = LibSsl.CreateContext(isServer: true, version, cipher);
        Socket listener = CreateSocket();
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(backlog: 8192);
        for (int i = 0; i < Threads; i++)
            new Thread(() => ServeAll(listener, context)) { IsBackground = true }.Start();
        return Task.FromResult(((IPEndPoint)listener.LocalEndPoint!).Port);
    }

    private static Socket CreateSocket() =>
        new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

    // A client that hangs up is done with its measurement.
    private static void ServeAll(Socket listener, nint context)
    {
        while (true)
        {
            Socket socket = listener.Accept();
            socket.NoDelay = true;
            try
            {
                using LibSslStream stream = new(context, socket, isServer: true);
                ServeAsync(new StreamConnection(stream)).GetAwaiter().GetResult(); // nothing of it waits
            }
            catch (IOException)
            {
                socket.Dispose();
            }
        }
    }
}
