using System.Net;
using System.Net.Sockets;

namespace SymRatchet.KeyStores.Tests.PostgreSql;

/// <summary>
/// A TCP port in front of the server. As a black hole it still accepts and reads, and nothing comes back: what a
/// network that is cut, or a machine that hangs, looks like.
/// </summary>
internal sealed class TcpProxy : IAsyncDisposable
{
    private readonly string _target;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _accepting;

    internal TcpProxy(string target)
    {
        _target = target;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    internal volatile bool IsBlackHole;

    /// <summary>How many answers of the server still pass; after them there is a black hole.</summary>
    internal int AnswersLeft = int.MaxValue;

    internal string ConnectionString =>
        $"Host=127.0.0.1;Port={((IPEndPoint)_listener.LocalEndpoint).Port};Username=postgres;Database=postgres;"
        + "SSL Mode=Disable;GSS Encryption Mode=Disable";

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _accepting; // which may be between two accepts, and must not find its listener stopped
        _listener.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = ServeAsync(await _listener.AcceptSocketAsync(_ending.Token));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException) { }
    }

    private async Task ServeAsync(Socket client)
    {
        using Socket socket = client;
        using Socket server = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await server.ConnectAsync(new UnixDomainSocketEndPoint(_target), _ending.Token);
            await Task.WhenAny(CopyAsync(socket, server), CopyAsync(server, socket));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException) { }
    }

    private async Task CopyAsync(Socket from, Socket to)
    {
        byte[] buffer = new byte[16384];
        while (await from.ReceiveAsync(buffer, _ending.Token) is > 0 and int count)
        {
            // What a black hole took stays lost.
            if (from.AddressFamily == AddressFamily.Unix && Interlocked.Decrement(ref AnswersLeft) < 0)
                IsBlackHole = true;
            if (!IsBlackHole)
                await to.SendAsync(buffer.AsMemory(0, count), _ending.Token);
        }
    }
}
