using System.Net;
using System.Net.Sockets;

namespace SymRatchet.Programs.Tests.Worker;

/// <summary>Passes connections on, until those that there are get stuck: nothing passes, and nothing ends.</summary>
internal sealed class FreezableProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly IPEndPoint _to;
    private readonly Task _accepting;
    private readonly CancellationTokenSource _ending = new();
    private CancellationTokenSource _passing = new();

    internal FreezableProxy(IPEndPoint to)
    {
        _to = to;
        _listener.Start();
        EndPoint = (IPEndPoint)_listener.LocalEndpoint;
        _accepting = AcceptAsync();
    }

    internal IPEndPoint EndPoint { get; }

    internal void Freeze() => Interlocked.Exchange(ref _passing, new CancellationTokenSource()).Cancel();

    private async Task AcceptAsync()
    {
        List<TcpClient> all = [];
        try
        {
            while (true)
            {
                TcpClient near = await _listener.AcceptTcpClientAsync(_ending.Token);
                TcpClient far = new();
                all.AddRange([near, far]);
                await far.ConnectAsync(_to);
                CancellationToken passing = _passing.Token;
                _ = near.GetStream().CopyToAsync(far.GetStream(), passing);
                _ = far.GetStream().CopyToAsync(near.GetStream(), passing);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException)
        {
            // The test is over, or nobody listens behind the proxy.
        }

        all.ForEach(connection => connection.Dispose());
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _accepting;
        _listener.Stop();
        _ending.Dispose();
        await _passing.CancelAsync();
        _passing.Dispose();
    }
}
