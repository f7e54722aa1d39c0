using System.Buffers;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;

namespace SymRatchet.Samples.Attacks.Lab;

/// <summary>
/// An honest server on a real socket for attacks to be tried on: it answers every message, and remembers what reached
/// its application, which no attacker can see and every verdict is held against.
/// </summary>
internal sealed class LabServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<string> _delivered = new();
    private readonly Channel<ServedSession> _ended = System.Threading.Channels.Channel.CreateUnbounded<ServedSession>();
    private readonly ConcurrentDictionary<Task, bool> _serving = new();
    private readonly SecureChannelServerOptions _options;
    private readonly Task _running;

    internal LabServer(SecureChannelServerOptions options)
    {
        _options = options;
        _listener.Start(backlog: 2048);
        _running = RunAsync();
    }

    internal Endpoint Endpoint => Endpoint.Of(_listener.LocalEndpoint);

    internal IReadOnlyCollection<string> Delivered => _delivered;

    /// <summary>The sessions that have ended, in that order.</summary>
    internal ChannelReader<ServedSession> Ended => _ended.Reader;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _listener.Stop();
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        try
        {
            while (true)
            {
                Task serving = ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token));
                _serving.TryAdd(serving, true);
                _ = serving.ContinueWith(done => _serving.TryRemove(done, out _), TaskScheduler.Default);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException)
        {
            await Task.WhenAll(_serving.Keys);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        List<string> messages = [];
        SecureChannelError? failure = null;
        try
        {
            client.NoDelay = true;
            await using ISecureChannel channel = await SecureChannel.AcceptAsync(
                client.GetStream(),
                _options,
                _stop.Token
            );
            ArrayBufferWriter<byte> message = new();
            while (await channel.ReceiveAsync(message, _stop.Token))
            {
                messages.Add(Encoding.UTF8.GetString(message.WrittenSpan));
                _delivered.Enqueue(messages[^1]);
                message.ResetWrittenCount();
                await channel.SendAsync(Laboratory.Answer, _stop.Token);
            }
        }
        catch (SecureChannelException e)
        {
            failure = e.Error;
        }
        catch (Exception e) when (e is OperationCanceledException or InvalidOperationException)
        {
            // Stopped, or closed by the client between its message and the answer: the others are served on.
        }

        _ended.Writer.TryWrite(new ServedSession(messages, failure));
    }
}
