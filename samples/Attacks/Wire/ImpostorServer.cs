using System.Net;
using System.Net.Sockets;

namespace SymRatchet.Samples.Attacks.Wire;

/// <summary>
/// A server that knows nothing but a recording: to each frame of a client it says the next frame of it.
/// </summary>
internal sealed class ImpostorServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _running;

    internal ImpostorServer(WireFormat format, IReadOnlyList<byte[]> recording)
    {
        _listener.Start();
        _running = RunAsync(format, recording);
    }

    internal Endpoint Endpoint => Endpoint.Of(_listener.LocalEndpoint);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _listener.Stop();
        _stop.Dispose();
    }

    private async Task RunAsync(WireFormat format, IReadOnlyList<byte[]> recording)
    {
        try
        {
            using TcpClient accepted = await _listener.AcceptTcpClientAsync(_stop.Token);
            accepted.NoDelay = true;
            await using FrameStream client = new(accepted.GetStream(), format);
            foreach (byte[] frame in recording)
            {
                if (await client.ReadAsync(_stop.Token) is null)
                    return;
                await client.WriteAsync(frame, _stop.Token);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException)
        {
            // The attack is over.
        }
    }
}
