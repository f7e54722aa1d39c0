using System.Net;
using System.Net.Sockets;

namespace SymRatchet.Programs.Tests.Running;

/// <summary>A TCP port before a Unix socket, so that a test's PostgreSQL needs no port of its own.</summary>
internal sealed class UnixBridge : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _accepting;

    internal UnixBridge(string path)
    {
        _listener.Start();
        _accepting = AcceptAsync(new UnixDomainSocketEndPoint(path));
    }

    internal IPEndPoint EndPoint => (IPEndPoint)_listener.LocalEndpoint;

    private async Task AcceptAsync(UnixDomainSocketEndPoint to)
    {
        try
        {
            while (true)
                _ = PassAsync(await _listener.AcceptSocketAsync(_ending.Token), to);
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }

    private async Task PassAsync(Socket near, UnixDomainSocketEndPoint to)
    {
        Socket far = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        near.NoDelay = true;
        await far.ConnectAsync(to, _ending.Token);
        try
        {
            await SecureChannelRelay.RunAsync(
                new NetworkStream(near, true),
                new NetworkStream(far, true),
                _ending.Token
            );
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // One side ended without an end.
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _accepting;
        _listener.Dispose();
        _ending.Dispose();
    }
}
