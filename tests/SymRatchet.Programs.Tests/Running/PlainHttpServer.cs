using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace SymRatchet.Programs.Tests.Running;

/// <summary>
/// HTTP 1.0 at its plainest: a GET is answered with bytes until the connection ends, and a PUT with the hash of its
/// body, which ends with its length or with the connection.
/// </summary>
internal sealed class PlainHttpServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _ending = new();
    private readonly byte[] _content;
    private readonly Task _accepting;

    internal PlainHttpServer(int size)
    {
        _content = new byte[size];
        Random.Shared.NextBytes(_content);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    internal IPEndPoint EndPoint => (IPEndPoint)_listener.LocalEndpoint;

    internal string Hash => Convert.ToHexString(SHA256.HashData(_content));

    /// <summary>After so many bytes an answer waits, for ever.</summary>
    internal int? StopsAfter { get; init; }

    /// <summary>Ends when an answer has come so far.</summary>
    internal Task Stopped => _stopped.Task;

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = ServeAsync(await _listener.AcceptTcpClientAsync(_ending.Token));
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(TcpClient connection)
    {
        using (connection)
        {
            try
            {
                await AnswerAsync(connection.GetStream());
            }
            catch (Exception e) when (e is IOException or OperationCanceledException)
            {
                // The client, or the test, is over.
            }
        }
    }

    private async Task AnswerAsync(NetworkStream stream)
    {
        List<string> head = [];
        while (await ReadLineAsync(stream) is { Length: > 0 } line)
            head.Add(line);
        if (head.Exists(line => line.StartsWith("Expect: 100", StringComparison.OrdinalIgnoreCase)))
            await stream.WriteAsync("HTTP/1.1 100 Continue\r\n\r\n"u8.ToArray());
        string? length = head.Find(line => line.StartsWith("Content-Length: ", StringComparison.OrdinalIgnoreCase));
        string hash = head[0].StartsWith("PUT", StringComparison.Ordinal)
            ? await HashAsync(stream, length?.Split(' ')[1])
            : "";
        await stream.WriteAsync("HTTP/1.0 200 OK\r\nConnection: close\r\n\r\n"u8.ToArray());
        if (hash.Length > 0)
            await stream.WriteAsync(Encoding.ASCII.GetBytes(hash));
        else
            await SendAsync(stream);
        stream.Socket.Shutdown(SocketShutdown.Send);
        await stream.ReadAtLeastAsync(new byte[1], 1, throwOnEndOfStream: false, _ending.Token);
    }

    private async Task SendAsync(NetworkStream stream)
    {
        await stream.WriteAsync(_content.AsMemory(0, StopsAfter ?? _content.Length), _ending.Token);
        if (StopsAfter is null)
            return;
        _stopped.TrySetResult();
        await Task.Delay(Timeout.Infinite, _ending.Token);
    }

    private async Task<string> HashAsync(NetworkStream stream, string? length)
    {
        long left = length is null
            ? long.MaxValue
            : long.Parse(length, System.Globalization.CultureInfo.InvariantCulture);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[65536];
        while (
            left > 0
            && await stream.ReadAsync(buffer.AsMemory(0, (int)Math.Min(left, buffer.Length)), _ending.Token)
                is > 0
                    and int read
        )
        {
            hash.AppendData(buffer, 0, read);
            left -= read;
        }

        return Convert.ToHexString(hash.GetHashAndReset());
    }

    private async Task<string> ReadLineAsync(NetworkStream stream)
    {
        StringBuilder line = new();
        byte[] one = new byte[1];
        while (await stream.ReadAsync(one, _ending.Token) == 1 && one[0] != '\n')
            line.Append((char)one[0]);
        return line.ToString().TrimEnd('\r');
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _accepting;
        _listener.Dispose();
        _ending.Dispose();
    }
}
