using System.Buffers;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace SymRatchet.Samples.Attacks.Lab;

/// <summary>
/// An honest server on a real socket for attacks to be tried on: it answers every message, and remembers what reached its
/// application, which no attacker can see and every verdict is held against.
/// </summary>
internal sealed class LabServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<string> _delivered = new();
    private readonly SecureChannelServerOptions _options;
    private readonly Task _running;

    internal LabServer(SecureChannelServerOptions options)
    {
        _options = options;
        _listener.Start();
        _running = RunAsync();
    }

    internal Endpoint Endpoint => Endpoint.Of(_listener.LocalEndpoint);

    internal IReadOnlyCollection<string> Delivered => _delivered;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _running;
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        List<Task> serving = [];
        try
        {
            while (true)
                serving.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException)
        {
            await Task.WhenAll(serving);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        try
        {
            client.NoDelay = true;
            await using ISecureChannel channel = await SecureChannel.AcceptAsync(client.GetStream(), _options, _stop.Token);
            ArrayBufferWriter<byte> message = new();
            while (await channel.ReceiveAsync(message, _stop.Token))
            {
                _delivered.Enqueue(Encoding.UTF8.GetString(message.WrittenSpan));
                message.ResetWrittenCount();
                await channel.SendAsync("Aggregated: 1.00"u8.ToArray(), _stop.Token);
            }
        }
        catch (Exception e) when (e is SecureChannelException or OperationCanceledException or InvalidOperationException)
        {
            // Refused, failed or stopped: the others are served on.
        }
    }
}
