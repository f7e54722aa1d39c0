using System.Net;
using System.Net.Sockets;

namespace SymRatchet.Tool.Bench;

/// <summary>What this machine can do with a suite: both sides are here, so that no network is measured.</summary>
internal sealed class LocalBench(TimeSpan duration)
{
    /// <summary>How many measurements there are of one suite.</summary>
    internal const int Measurements = 4;

    private const int SmallMessage = 64;
    private const int LargeMessage = 64 * 1024;

    internal static bool IsSupported(CipherSuiteId suite)
    {
        using var key = PreSharedKey.Generate("bench");
        try
        {
            new SecureChannelClientOptions { Key = key, Suites = [suite] }.Validate();
            return true;
        }
        catch (PlatformNotSupportedException)
        {
            return false;
        }
    }

    internal async Task<LocalResult> RunAsync(CipherSuiteId suite, CancellationToken cancellationToken)
    {
        using var key = PreSharedKey.Generate("bench");
        using InMemoryKeyStore servers = new(ChannelRole.Server);
        servers.Add(key);
        SecureChannelClientOptions options = new() { Key = key, Suites = [suite] };
        await using var listener = SecureChannelListener.Listen(
            new IPEndPoint(IPAddress.Loopback, 0),
            new SecureChannelServerOptions { Keys = servers, Suites = [suite] }
        );
        using var serving = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task served = listener.ServeAsync(new BenchServer(_ => { }).ServeAsync, serving.Token);
        try
        {
            EndPoint server = listener.LocalEndPoint;
            double handshakes = await MeasureHandshakesAsync(server, options, cancellationToken);
            double messages = await MeasureSealAsync(server, options, SmallMessage, cancellationToken);
            double large = await MeasureSealAsync(server, options, LargeMessage, cancellationToken);
            BenchCount through = await MeasureChannelAsync(server, options, cancellationToken);
            return new LocalResult(
                suite.ToString(),
                handshakes,
                messages,
                large * LargeMessage,
                through.BytesPerSecond
            );
        }
        finally
        {
            await serving.CancelAsync();
            await served;
        }
    }

    private async Task<double> MeasureHandshakesAsync(
        EndPoint server,
        SecureChannelClientOptions options,
        CancellationToken cancellationToken
    )
    {
        long started = TimeProvider.System.GetTimestamp();
        for (int count = 1; ; count++)
        {
            await using ISecureChannel channel = await SecureChannel.ConnectAsync(server, options, cancellationToken);
            TimeSpan elapsed = TimeProvider.System.GetElapsedTime(started);
            await channel.CloseAsync(cancellationToken);
            if (elapsed >= duration)
                return count / elapsed.TotalSeconds;
        }
    }

    /// <summary>Messages in a second that one side seals; they go nowhere.</summary>
    private async Task<double> MeasureSealAsync(
        EndPoint server,
        SecureChannelClientOptions options,
        int size,
        CancellationToken cancellationToken
    )
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(server, cancellationToken);
        SinkStream connection = new(new NetworkStream(socket, ownsSocket: true));
        await using ISecureChannel channel = await SecureChannel.ConnectAsync(connection, options, cancellationToken);
        connection.IsCut = true;
        long started = TimeProvider.System.GetTimestamp();
        long messages = await BenchFlow.SendAsync(channel, size, duration, cancellationToken);
        return messages / TimeProvider.System.GetElapsedTime(started).TotalSeconds;
    }

    private async Task<BenchCount> MeasureChannelAsync(
        EndPoint server,
        SecureChannelClientOptions options,
        CancellationToken cancellationToken
    )
    {
        await using ISecureChannel channel = await SecureChannel.ConnectAsync(server, options, cancellationToken);
        BenchResult result = await new BenchClient(channel, duration, LargeMessage).RunAsync(
            BenchTest.Upload,
            new BenchMeter(),
            cancellationToken
        );
        await channel.CloseAsync(cancellationToken);
        await channel.ReceiveMessageAsync(cancellationToken); // the server's close
        return result.Up!;
    }
}
