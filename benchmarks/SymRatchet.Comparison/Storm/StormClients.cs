using System.Buffers;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text.Json;
using SymRatchet.Comparison.Running;

namespace SymRatchet.Comparison.Storm;

/// <summary>
/// A process of clients: each with an identity, a store and an address of its own, and each connects again by itself.
/// It says when all have had an answer, is told when the new server listens, and says what became of each.
/// </summary>
internal sealed class StormClients(
    int first,
    int count,
    int port,
    string? folder,
    int addresses,
    TimeSpan firstDelay,
    TimeSpan longestDelay
)
{
    internal const string Role = "storm-clients";

    private const int StoresAtOnce = 64;
    private const int BeginAtOnce = 128;

    private readonly LoopbackAddresses _from = new(2, addresses);
    private readonly ConcurrentDictionary<(bool Before, string Reason), int> _failures = new();
    private readonly Client[] _clients = new Client[count];
    private long _listens = long.MaxValue;
    private int _answered;
    private int _back;
    private int _over;

    internal async Task<int> RunAsync()
    {
        await Parallel.ForAsync(
            0,
            count,
            new ParallelOptions { MaxDegreeOfParallelism = StoresAtOnce },
            async (i, _) => _clients[i] = new Client(await OpenAsync(first + i))
        );
        using CancellationTokenSource end = new();
        List<Task> running = [];
        using SemaphoreSlim beginning = new(BeginAtOnce);
        for (int i = 0; i < count; i++)
        {
            await beginning.WaitAsync();
            int client = i;
            running.Add(Task.Run(() => StayAsync(client, end.Token)));
            _ = _clients[i].Answered.Task.ContinueWith(_ => beginning.Release(), TaskScheduler.Default);
        }

        await Task.WhenAll(_clients.Select(client => client.Answered.Task));
        Console.WriteLine(Report.Text($"{_answered}"));

        // From here on a line is either the time at which the new server began to listen, or asks how many are back.
        while (await Console.In.ReadLineAsync() is { Length: > 0 } line)
        {
            if (line == StormRun.HowMany)
                Console.WriteLine(Report.Text($"{_back} {_over}"));
            else
                Volatile.Write(ref _listens, long.Parse(line, CultureInfo.InvariantCulture));
        }

        Console.WriteLine(JsonSerializer.Serialize(Result(), JsonSerializerOptions.Web));
        await end.CancelAsync();
        await Task.WhenAll(running);
        foreach (Client client in _clients)
        {
            if (client.Keys is IAsyncDisposable file)
                await file.DisposeAsync();
        }

        return 0;
    }

    private async Task<IKeyStore> OpenAsync(int client)
    {
        using PreSharedKey key = StormKeys.KeyOf(client);
        if (folder is null)
        {
            InMemoryKeyStore keys = new(ChannelRole.Client);
            keys.Add(key);
            return keys;
        }

        string path = Path.Combine(folder, StormKeys.IdOf(client));
        key.WriteCredentialFile(path);
        return await KeyFile.OpenAsync(path);
    }

    private async Task StayAsync(int i, CancellationToken end)
    {
        Client client = _clients[i];
        SecureChannelClientOptions options = new() { Keys = client.Keys, ClientId = StormKeys.IdOf(first + i) };
        ReconnectingClient connecting = new(cancel => ConnectAsync(i, options, cancel))
        {
            FirstDelay = firstDelay,
            LongestDelay = longestDelay,
        };
        connecting.Waiting += (_, e) =>
        {
            if (e.Error is { } error)
                Count(error);
        };
        try
        {
            await foreach (ISecureChannel channel in connecting.ConnectAllAsync(end))
                await UseAsync(channel, client, end);
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // The run is over.
        }
        catch (Exception e)
        {
            _failures.AddOrUpdate((false, $"for good: {e.Message}"), 1, (_, n) => n + 1);
            client.Answered.TrySetResult();
            Interlocked.Increment(ref _over);
        }
    }

    // As the library dials, and from an address of the client's own.
    private async ValueTask<ISecureChannel> ConnectAsync(
        int client,
        SecureChannelClientOptions options,
        CancellationToken cancellationToken
    )
    {
        using CancellationTokenSource timeout = new(options.HandshakeTimeout);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        Socket socket;
        try
        {
            socket = await LoopbackAddresses.DialAsync(_from[first + client], port, either.Token);
        }
        catch (SocketException e)
        {
            throw new SecureChannelException(SecureChannelError.Transport, $"connecting: {e.SocketErrorCode}", e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new SecureChannelException(SecureChannelError.Timeout, "connecting", e);
        }

        return await SecureChannel.ConnectAsync(
            new NetworkStream(socket, ownsSocket: true),
            options,
            cancellationToken
        );
    }

    private async Task UseAsync(ISecureChannel channel, Client client, CancellationToken end)
    {
        ArrayBufferWriter<byte> answer = new();
        bool isOfOldServer = false;
        try
        {
            await channel.SendAsync("are you there?"u8.ToArray(), end);
            if (!await channel.ReceiveAsync(answer, end))
                return;
            if (client.Answered.TrySetResult())
            {
                isOfOldServer = true;
                Interlocked.Increment(ref _answered);
            }
            else if (client.Back == 0)
            {
                client.Back = Stopwatch.GetTimestamp();
                Interlocked.Increment(ref _back);
            }

            // Until the server is gone.
            await channel.ReceiveAsync(answer, end);
        }
        catch (SecureChannelException e)
        {
            // That the server was killed may be noticed only when the next one listens, and is no attempt.
            if (!isOfOldServer && client.Back == 0)
                Count(e);
        }
    }

    private void Count(SecureChannelException error)
    {
        bool before = Stopwatch.GetTimestamp() < Volatile.Read(ref _listens);
        string reason = error.InnerException is SocketException socket
            ? $"{error.Error} ({socket.SocketErrorCode})"
            : error.Error.ToString();
        _failures.AddOrUpdate((before, reason), 1, (_, n) => n + 1);
    }

    private StormClientsResult Result() =>
        new(
            [
                .. _clients
                    .Where(client => client.Back != 0)
                    .Select(client => Stopwatch.GetElapsedTime(_listens, client.Back).TotalSeconds),
            ],
            Failures(before: true),
            Failures(before: false),
            _over,
            ProcessUse.CpuTime.TotalSeconds
        );

    private Dictionary<string, int> Failures(bool before) =>
        _failures.Where(failure => failure.Key.Before == before).ToDictionary(f => f.Key.Reason, f => f.Value);

    private sealed class Client(IKeyStore keys)
    {
        internal IKeyStore Keys => keys;

        // Who waits for it reads lines, which blocks.
        internal TaskCompletionSource Answered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        internal long Back { get; set; }
    }
}
