using System.Net;
using System.Net.Sockets;

namespace SymRatchet.Samples.Attacks.Wire;

/// <summary>What becomes of a frame on its way: any frames, in any number.</summary>
/// <param name="toServer">Whether it travels from the client to the server.</param>
/// <param name="index">Its number in that direction, from 0.</param>
/// <param name="frame">The frame as its sender sent it.</param>
public delegate IEnumerable<byte[]> Tamper(bool toServer, int index, byte[] frame);

/// <summary>
/// A real man in the middle: a TCP proxy for one connection between an honest client and an honest server. It records
/// every frame as it was sent, and passes on what the attack makes of it.
/// </summary>
public sealed class ManInTheMiddle : IAsyncDisposable
{
    /// <summary>Passed on in place of a frame, it cuts the connection on both sides.</summary>
    public static readonly byte[] Cut = [];

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private readonly List<byte[]> _fromClient = [];
    private readonly List<byte[]> _fromServer = [];
    private readonly Task _running;

    private ManInTheMiddle(Endpoint server, WireFormat format, Tamper? tamper)
    {
        _listener.Start();
        _running = RunAsync(server, format, tamper ?? ((_, _, frame) => [frame]));
    }

    public Endpoint Endpoint => Endpoint.Of(_listener.LocalEndpoint);

    /// <summary>Completes when the server has ended the connection.</summary>
    public Task ServerEnded => _serverEnded.Task;

    private readonly TaskCompletionSource _serverEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _cut = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public IReadOnlyList<byte[]> FromClient => Recorded(_fromClient);

    public IReadOnlyList<byte[]> FromServer => Recorded(_fromServer);

    public static ManInTheMiddle Start(Endpoint server, WireFormat format, Tamper? tamper = null) =>
        new(server, format, tamper);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _listener.Stop();
        _stop.Dispose();
    }

    private async Task RunAsync(Endpoint serverEndpoint, WireFormat format, Tamper tamper)
    {
        try
        {
            TcpClient accepted = await _listener.AcceptTcpClientAsync(_stop.Token);
            accepted.NoDelay = true;
            await using FrameStream client = new(accepted.GetStream(), format);
            await using FrameStream server = new(await serverEndpoint.ConnectAsync(_stop.Token), format);
            Task forth = PumpAsync(client, server, toServer: true, tamper);
            Task back = PumpAsync(server, client, toServer: false, tamper);
            await Task.WhenAny(back, _cut.Task);
            if (_cut.Task.IsCompleted)
                await server.DisposeAsync();
            await back;
            _serverEnded.TrySetResult();
            await client.DisposeAsync();
            await forth;
        }
        catch (Exception e)
            when (e is OperationCanceledException or SocketException or SampleException or ObjectDisposedException)
        {
            // The attack is over.
        }
        finally
        {
            _serverEnded.TrySetResult();
        }
    }

    private async Task PumpAsync(FrameStream from, FrameStream to, bool toServer, Tamper tamper)
    {
        List<byte[]> recorded = toServer ? _fromClient : _fromServer;
        while (await from.ReadAsync(_stop.Token) is { } frame)
        {
            int index;
            lock (_gate)
            {
                index = recorded.Count;
                recorded.Add(frame);
            }

            foreach (byte[] sent in tamper(toServer, index, [.. frame]))
            {
                if (ReferenceEquals(sent, Cut))
                {
                    _cut.TrySetResult();
                    return;
                }

                await to.WriteAsync(sent, _stop.Token);
            }
        }
    }

    private byte[][] Recorded(List<byte[]> frames)
    {
        lock (_gate)
            return [.. frames];
    }
}
