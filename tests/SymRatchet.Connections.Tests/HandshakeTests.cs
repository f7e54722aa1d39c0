using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using SymRatchet.TestKit;

namespace SymRatchet.Connections.Tests;

/// <summary>Outbound handshakes with peers that do not play, and how many of them run at a time.</summary>
public sealed class HandshakeTests
{
    private static readonly TimeSpan Patience = Pipeline.Patience;

    [Theory]
    [InlineData(null, 32)]
    [InlineData(3, 3)]
    public async Task Handshakes_beyond_a_number_wait_for_their_turn(int? asked, int limit)
    {
        TaskCompletionSource<SecureChannelClientOptions>[] turns =
        [
            .. Enumerable
                .Range(0, limit + 8)
                .Select(_ => new TaskCompletionSource<SecureChannelClientOptions>(
                    TaskCreationOptions.RunContinuationsAsynchronously
                )),
        ];
        int begun = 0;
        ValueTask<SecureChannelClientOptions> TakeTurn(
            ConnectionContext connection,
            CancellationToken cancellationToken
        ) => new(turns[Interlocked.Increment(ref begun) - 1].Task);
        ConnectionDelegate pipeline = Pipeline.Build(
            builder =>
                _ = asked is { } number
                    ? builder.UseSymRatchetClient(TakeTurn, number)
                    : builder.UseSymRatchetClient(TakeTurn),
            _ => Task.CompletedTask
        );

        List<Task> running = [.. turns.Select(_ => pipeline(Pipeline.InMemory(out PipePair _)))];
        Assert.Equal(limit, begun);

        // However a handshake ends, the next has its turn.
        for (int i = 0; i < turns.Length; i++)
        {
            turns[i].SetException(new InvalidDataException("no key for it"));
            running.Remove(await Task.WhenAny(running).WaitAsync(Patience));
            Assert.True(
                SpinWait.SpinUntil(() => Volatile.Read(ref begun) == Math.Min(limit + i + 1, turns.Length), Patience)
            );
        }
    }

    [Fact]
    public async Task A_connection_that_is_aborted_in_the_queue_leaves_it()
    {
        TaskCompletionSource<SecureChannelClientOptions> never = new();
        ConnectionDelegate pipeline = Pipeline.Build(
            builder =>
                builder.UseSymRatchetClient(
                    (_, _) => new ValueTask<SecureChannelClientOptions>(never.Task),
                    maxConcurrentHandshakes: 1
                ),
            _ => Task.CompletedTask
        );
        DefaultConnectionContext first = Pipeline.InMemory(out _),
            second = Pipeline.InMemory(out _),
            third = Pipeline.InMemory(out _);
        Task[] running = [pipeline(first), pipeline(second), pipeline(third)];
        second.Abort();
        await Assert.ThrowsAsync<ConnectionAbortedException>(() => running[1].WaitAsync(Patience));

        // And so does one whose function does not come back: whoever waits behind it has its turn.
        first.Abort();
        await Assert.ThrowsAsync<ConnectionAbortedException>(() => running[0].WaitAsync(Patience));
        Assert.False(running[2].IsCompleted);
        never.SetException(new InvalidDataException("no key for it"));
        await Assert.ThrowsAsync<InvalidDataException>(() => running[2].WaitAsync(Patience));
        Assert.True(third.ConnectionClosed.WaitHandle.WaitOne(Patience));
    }

    [Fact]
    public async Task What_a_function_throws_after_its_connection_closed_is_no_unobserved_exception()
    {
        List<Exception> unobserved = [];
        void Note(object? sender, UnobservedTaskExceptionEventArgs e)
        {
            if (e.Exception.InnerException is InvalidDataException { Message: "too late" })
                unobserved.Add(e.Exception);
        }

        TaskScheduler.UnobservedTaskException += Note;
        try
        {
            WeakReference thrown = await ThrowLateAsync();
            Assert.True(
                SpinWait.SpinUntil(
                    () =>
                    {
                        GC.Collect();
                        GC.WaitForPendingFinalizers();
                        return !thrown.IsAlive;
                    },
                    Patience
                )
            );
            GC.WaitForPendingFinalizers();
        }
        finally
        {
            TaskScheduler.UnobservedTaskException -= Note;
        }

        Assert.Empty(unobserved);

        static async Task<WeakReference> ThrowLateAsync()
        {
            TaskCompletionSource<SecureChannelClientOptions> picking = new();
            DefaultConnectionContext connection = Pipeline.InMemory(out _);
            Task running = Pipeline.Build(
                builder =>
                    builder.UseSymRatchetClient((_, _) => new ValueTask<SecureChannelClientOptions>(picking.Task)),
                _ => Task.CompletedTask
            )(connection);
            connection.Abort();
            await Assert.ThrowsAsync<ConnectionAbortedException>(() => running.WaitAsync(Patience));
            picking.SetException(new InvalidDataException("too late"));
            return new WeakReference(picking.Task);
        }
    }

    [Fact]
    public async Task A_server_that_never_answers_is_given_up_after_the_limit()
    {
        using TcpListener silent = new(IPAddress.Loopback, 0);
        silent.Start();
        ConnectionDelegate pipeline = Pipeline.Build(
            builder =>
                builder.UseSymRatchetClient(
                    new SecureChannelClientOptions
                    {
                        Key = Keys.Of("sensor-17"),
                        HandshakeTimeout = TimeSpan.FromMilliseconds(300),
                    }
                ),
            _ => throw new InvalidOperationException("There is no channel.")
        );
        ConnectionContext connection = await Pipeline.DialAsync(silent.LocalEndpoint);
        await using ConnectionContext _ = connection;
        SecureChannelException failure = await Assert.ThrowsAsync<SecureChannelException>(() =>
            pipeline(connection).WaitAsync(Patience)
        );
        Assert.Equal(SecureChannelError.Timeout, failure.Error);
        Assert.True(connection.ConnectionClosed.WaitHandle.WaitOne(Patience));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_server_that_closes_its_half_in_the_handshake_ends_it_at_once(bool afterSomeBytes)
    {
        using TcpListener closing = new(IPAddress.Loopback, 0);
        closing.Start();
        ConnectionDelegate pipeline = Pipeline.Build(
            builder =>
                builder.UseSymRatchetClient(
                    new SecureChannelClientOptions
                    {
                        Key = Keys.Of("sensor-17"),
                        HandshakeTimeout = Timeout.InfiniteTimeSpan,
                    }
                ),
            _ => throw new InvalidOperationException("There is no channel.")
        );
        ConnectionContext connection = await Pipeline.DialAsync(closing.LocalEndpoint);
        await using ConnectionContext _ = connection;
        Task running = pipeline(connection);
        using Socket server = await closing.AcceptSocketAsync();
        byte[] hello = new byte[1024];
        Assert.NotEqual(0, await server.ReceiveAsync(hello));
        if (afterSomeBytes)
            await server.SendAsync(hello.AsMemory(0, 4));
        server.Shutdown(SocketShutdown.Send);
        SecureChannelException failure = await Assert.ThrowsAsync<SecureChannelException>(() =>
            running.WaitAsync(Patience)
        );
        Assert.Contains(
            failure.Error,
            (SecureChannelError[])[SecureChannelError.Refused, SecureChannelError.Malformed]
        );
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_connection_that_is_aborted_in_the_handshake_ends_it_whatever_its_transport_does(bool isInbound)
    {
        DefaultConnectionContext connection = Pipeline.InMemory(out _);
        Task running = Pipeline.Build(
            builder =>
                _ = isInbound
                    ? builder.UseSymRatchet(
                        new SecureChannelServerOptions
                        {
                            Keys = Keys.Store(),
                            HandshakeTimeout = Timeout.InfiniteTimeSpan,
                        }
                    )
                    : builder.UseSymRatchetClient(
                        new SecureChannelClientOptions
                        {
                            Key = Keys.Of("sensor-17"),
                            HandshakeTimeout = Timeout.InfiniteTimeSpan,
                        }
                    ),
            _ => throw new InvalidOperationException("There is no channel.")
        )(connection);
        Assert.False(running.IsCompleted);
        connection.Abort();
        if (isInbound)
            await running.WaitAsync(Patience);
        else
            await Assert.ThrowsAsync<ConnectionAbortedException>(() => running.WaitAsync(Patience));
    }

    [Fact]
    public async Task What_a_server_has_said_before_it_closed_is_read_although_the_connection_counts_as_closed()
    {
        // As a socket's connection whose peer has sent its last byte: closed, with everything waiting to be read.
        DefaultConnectionContext connection = Pipeline.InMemory(out PipePair pipes);
        using CancellationTokenSource closed = new();
        connection.ConnectionClosed = closed.Token;
        MemoryStream received = new();
        HeldReader held = new(pipes.Client.Input);
        connection.Transport = new Ends(held, pipes.Client.Output);
        Task running = Pipeline.Client("sensor-17", context => context.Transport.Input.CopyToAsync(received))(
            connection
        );
        await using (
            ISecureChannel server = await SecureChannel.AcceptAsync(
                pipes.Server,
                Keys.Server("sensor-17"),
                new CancellationTokenSource(Patience).Token
            )
        )
        {
            await server.SendAsync("all of it"u8.ToArray());
            await server.CloseAsync();
        }

        await closed.CancelAsync();
        held.LetGo();
        await running.WaitAsync(Patience);
        Assert.Equal("all of it"u8.ToArray(), received.ToArray());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_middleware_below_that_completes_its_pipes_ends_the_handshake(bool isInput)
    {
        DefaultConnectionContext connection = Pipeline.InMemory(out _);
        ConnectionDelegate pipeline = Pipeline.Build(
            builder =>
                builder
                    .Use(next =>
                        context =>
                        {
                            if (isInput)
                                context.Transport.Input.Complete();
                            else
                                context.Transport.Output.Complete();
                            return next(context);
                        }
                    )
                    .UseSymRatchetClient(Keys.Client("sensor-17")),
            _ => throw new InvalidOperationException("There is no channel.")
        );
        SecureChannelException failure = await Assert.ThrowsAsync<SecureChannelException>(() =>
            pipeline(connection).WaitAsync(Patience)
        );
        Assert.Equal(SecureChannelError.Transport, failure.Error);
    }

    [Fact]
    public async Task Options_that_a_function_gives_and_that_cannot_work_are_its_callers_mistake()
    {
        DefaultConnectionContext connection = Pipeline.InMemory(out _);
        ConnectionDelegate pipeline = Pipeline.Build(
            builder => builder.UseSymRatchetClient(_ => new SecureChannelClientOptions()),
            _ => Task.CompletedTask
        );
        await Assert.ThrowsAsync<ArgumentException>(() => pipeline(connection).WaitAsync(Patience));
        Assert.True(connection.ConnectionClosed.WaitHandle.WaitOne(Patience));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Options_that_leave_a_transport_open_do_not_keep_a_connection_whose_handshake_failed(
        bool isInbound
    )
    {
        DefaultConnectionContext connection = Pipeline.InMemory(out PipePair pipes);
        connection.Transport = isInbound ? pipes.Server : pipes.Client;
        IDuplexPipe peer = isInbound ? pipes.Client : pipes.Server;
        SecureChannelServerOptions server = Keys.Server("sensor-17");
        SecureChannelClientOptions client = Keys.Client("sensor-17");
        server.LeaveOpen = client.LeaveOpen = true;
        Task running = Pipeline.Build(
            builder => _ = isInbound ? builder.UseSymRatchet(server) : builder.UseSymRatchetClient(client),
            _ => throw new InvalidOperationException("There is no channel.")
        )(connection);
        await peer.Output.WriteAsync(new byte[100]);
        Exception? failure = await Record.ExceptionAsync(() => running.WaitAsync(Patience));
        Assert.Equal(isInbound ? null : SecureChannelError.Malformed, (failure as SecureChannelException)?.Error);
        ReadResult last;
        while (!(last = await peer.Input.ReadAsync(new CancellationTokenSource(Patience).Token)).IsCompleted)
            peer.Input.AdvanceTo(last.Buffer.End);
    }

    private sealed record Ends(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    /// <summary>Lets the first answer through only when it is told to.</summary>
    private sealed class HeldReader(PipeReader inner) : PipeReader
    {
        private readonly TaskCompletionSource _held = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _reads;

        internal void LetGo() => _held.SetResult();

        public override void AdvanceTo(SequencePosition consumed) => inner.AdvanceTo(consumed);

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) =>
            inner.AdvanceTo(consumed, examined);

        public override void CancelPendingRead() => inner.CancelPendingRead();

        public override void Complete(Exception? exception = null) => inner.Complete(exception);

        public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
        {
            if (Interlocked.Increment(ref _reads) == 2)
                await _held.Task;
            return await inner.ReadAsync(cancellationToken);
        }

        public override bool TryRead(out ReadResult result) => inner.TryRead(out result);
    }
}
