using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using SymRatchet.Comparison.Running;

namespace SymRatchet.Comparison.Storm;

/// <summary>
/// The process of the server that comes back: a listener with its defaults, but for a limit of pending handshakes above
/// its fleet, which sends back what it receives. It says when it listens, and answers questions on its standard input
/// until that ends.
/// </summary>
internal static class StormServer
{
    internal const string Role = "storm-server";

    // Adds wait for the disk together.
    private const int AddAtOnce = 512;

    private static readonly TimeSpan PortComesFree = TimeSpan.FromSeconds(20);

    /// <param name="kind">The kind of the store.</param>
    /// <param name="place">Where the store is.</param>
    /// <param name="clients">How many identities it holds.</param>
    /// <param name="port">Where it listens; 0 for the first server, which also fills the store.</param>
    internal static async Task<int> RunAsync(string kind, string place, int clients, int port)
    {
        await using StormStore store = await StormStore.OpenAsync(kind, place);
        if (port == 0 || kind == StormStore.Memory)
            await Parallel.ForAsync(
                0,
                clients,
                new ParallelOptions { MaxDegreeOfParallelism = AddAtOnce },
                async (client, cancel) =>
                {
                    using PreSharedKey key = StormKeys.KeyOf(client);
                    await store.Keys.AddAsync(key, cancellationToken: cancel);
                }
            );

        await using SecureChannelListener listener = await ListenAsync(port, store.Keys, clients);
        using CancellationTokenSource end = new();
        Task serving = listener.ServeAsync(EchoAsync, end.Token);
        int listens = ((IPEndPoint)listener.LocalEndPoint).Port;
        Console.WriteLine(Report.Text($"{listens} {Stopwatch.GetTimestamp()}"));
        while (await Console.In.ReadLineAsync() is not null)
            Console.WriteLine(ProcessUse.CpuTime.TotalMicroseconds.ToString(CultureInfo.InvariantCulture));
        await end.CancelAsync();
        await serving;
        return 0;
    }

    // A stranger's socket may have taken the port of the server that is gone, if for a moment only.
    private static async Task<SecureChannelListener> ListenAsync(int port, IKeyDirectory keys, int clients)
    {
        long started = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                return SecureChannelListener.Listen(
                    new IPEndPoint(IPAddress.Loopback, port),
                    new SecureChannelServerOptions
                    {
                        Keys = keys,
                        HandshakeLimiter = new HandshakeLimiter { MaxPending = Math.Max(8192, 2 * clients) },
                    }
                );
            }
            catch (SocketException e)
                when (e.SocketErrorCode == SocketError.AddressAlreadyInUse
                    && Stopwatch.GetElapsedTime(started) < PortComesFree
                )
            {
                await Task.Delay(10);
            }
        }
    }

    private static async Task EchoAsync(ISecureChannel channel, CancellationToken cancellationToken)
    {
        while (await channel.ReceiveMessageAsync(cancellationToken) is { } message)
            await channel.SendAsync(message, cancellationToken);
    }
}
