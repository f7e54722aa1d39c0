using System.Collections.Concurrent;
using Microsoft.AspNetCore.Connections;

namespace SymRatchet.Connections.Tests;

/// <summary>
/// What ends a connection comes at any moment of its handshake and of its traffic, from several sides at a time.
/// Whatever it is, the pipelines of both sides end, and nobody gets anything but the beginning of what was sent.
/// </summary>
public sealed class RaceTests
{
    private const int Rounds = 400;
    private const int Side = 8;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Aborts_of_a_connection_and_of_its_channel_end_its_pipelines(bool whileTrafficFlows)
    {
        ConcurrentBag<Exception> wrong = [];
        int served = 0;
        await using Listener listener = await Listener.StartAsync(
            Keys.Server("sensor-17"),
            async connection =>
            {
                Interlocked.Increment(ref served);
                try
                {
                    await connection.Transport.Input.CopyToAsync(connection.Transport.Output);
                }
                finally
                {
                    Interlocked.Decrement(ref served);
                }
            }
        );

        // Whatever becomes of the others, and of the buffers that all connections share, one that nobody disturbs goes
        // on.
        using CancellationTokenSource enough = new();
        Task bystander = Pipeline.Client(
            "sensor-17",
            async context =>
            {
                Task checking = CheckAsync(context);
                await WriteAsync(context, enough.Token);
                await context.Transport.Output.CompleteAsync();
                await checking;
            }
        )(await Pipeline.DialAsync(listener.EndPoint));

        int seed = Random.Shared.Next();
        Random random = new(seed);
        for (int round = 0; round < Rounds; round += Side)
            await Task.WhenAll(
                    Enumerable
                        .Range(0, Side)
                        .Select(_ => DisturbAsync(random.Next(), random.Next(4), random.Next(3000)))
                )
                .WaitAsync(Pipeline.Patience);

        await enough.CancelAsync();
        await bystander.WaitAsync(Pipeline.Patience);
        Assert.True(wrong.IsEmpty, $"seed {seed}: {string.Join('\n', wrong)}");
        Assert.True(
            SpinWait.SpinUntil(() => Volatile.Read(ref served) == 0, Pipeline.Patience),
            $"seed {seed}: a handler of the server has not ended"
        );
        Assert.DoesNotContain(
            listener.Logs.Lines,
            line =>
                line.Contains("Unhandled", StringComparison.Ordinal)
                && !line.Contains(nameof(SecureChannelException), StringComparison.Ordinal)
        );

        async Task DisturbAsync(int number, int how, int microseconds)
        {
            ConnectionContext connection = await Pipeline.DialAsync(listener.EndPoint);
            TaskCompletionSource established = new(TaskCreationOptions.RunContinuationsAsynchronously);
            ConnectionDelegate pipeline = Pipeline.Client(
                "sensor-17",
                context =>
                {
                    established.TrySetResult();
                    return Task.WhenAll(WriteAsync(context), CheckAsync(context));
                }
            );
            Task running = pipeline(connection);
            if (whileTrafficFlows)
                await Task.WhenAny(established.Task, running);
            SpinFor(microseconds); // shorter than any timer's tick
            switch (how)
            {
                case 0:
                    connection.Abort();
                    break;
                case 1:
                    await Task.WhenAll(Task.Run(connection.Abort), Task.Run(connection.Abort));
                    break;
                case 2:
                    connection.Features.Get<ISecureChannelFeature>()?.Channel.Abort();
                    connection.Abort();
                    break;
                default:
                    Task? disposing = connection.Features.Get<ISecureChannelFeature>()?.Channel.DisposeAsync().AsTask();
                    connection.Abort();
                    await (disposing ?? Task.CompletedTask).WaitAsync(Pipeline.Patience);
                    break;
            }

            Exception? ended = await Record.ExceptionAsync(() => running.WaitAsync(Pipeline.Patience));
            if (ended is not (null or IOException or OperationCanceledException or ObjectDisposedException))
                wrong.Add(new InvalidDataException($"{how} after {microseconds} us, {number}", ended));
            await connection.DisposeAsync();
        }

        static async Task WriteAsync(ConnectionContext connection, CancellationToken enough = default)
        {
            byte[] block = [.. Enumerable.Range(0, 256 * 40).Select(i => (byte)i)];
            while (
                !enough.IsCancellationRequested
                && !(await connection.Transport.Output.WriteAsync(block, CancellationToken.None)).IsCompleted
            ) { }
        }

        static async Task CheckAsync(ConnectionContext connection)
        {
            using Stream stream = connection.Transport.Input.AsStream(leaveOpen: true);
            byte[] buffer = new byte[10_000];
            byte expected = 0;
            while (await stream.ReadAsync(buffer) is > 0 and int read)
            {
                foreach (byte value in buffer.AsSpan(0, read))
                {
                    if (value != expected++)
                        throw new InvalidDataException("Something else than what was sent came back.");
                }
            }
        }
    }

    private static void SpinFor(int microseconds)
    {
        long started = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(started).TotalMicroseconds < microseconds)
            Thread.SpinWait(10);
    }
}
