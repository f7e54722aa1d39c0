using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using SymRatchet.Channel;
using SymRatchet.Streams;
using SymRatchet.TestKit;

namespace SymRatchet.Tests.Streams;

/// <summary>What tests/SymRatchet.Stress found, each made to happen by design.</summary>
public sealed class FoundByStressTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task Nothing_comes_between_two_messages_of_one_write()
    {
        await using ChannelPair pair = await ChannelPair.CreateAsync(
            pipeOptions: new PipeOptions(pauseWriterThreshold: 0)
        );
        HeldChannel held = new(pair.Client);
        await using SecureChannelStream stream = held.AsStream();
        byte[] sent = new byte[150_000];
        new Random(1).NextBytes(sent);
        Task writing = stream.WriteAsync(sent).AsTask();

        await Assert.ThrowsAsync<InvalidOperationException>(async () => await stream.CompleteWritesAsync());
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await stream.WriteAsync(new byte[1]));

        using MemoryStream received = new();
        Task reading = pair.Server.AsStream().CopyToAsync(received);
        held.Held.SetResult();
        await writing.WaitAsync(Soon);
        await stream.CompleteWritesAsync();
        await reading.WaitAsync(Soon);
        Assert.Equal(sent, received.ToArray());
    }

    [Fact]
    public async Task A_stream_that_closes_on_disposal_does_not_close_in_the_midst_of_a_write()
    {
        await using ChannelPair pair = await ChannelPair.CreateAsync(
            pipeOptions: new PipeOptions(pauseWriterThreshold: 0)
        );
        HeldChannel held = new(pair.Client);
        SecureChannelStream stream = held.AsStream(closeOnDispose: true);
        Task writing = stream.WriteAsync(new byte[150_000]).AsTask();
        Task<SecureChannelException> reading = Assert.ThrowsAsync<SecureChannelException>(() =>
            pair.Server.AsStream().CopyToAsync(Stream.Null)
        );

        await stream.DisposeAsync();
        held.Held.SetResult();

        await Assert.ThrowsAnyAsync<Exception>(() => writing.WaitAsync(Soon));
        Assert.NotEqual(SecureChannelError.None, (await reading.WaitAsync(Soon)).Error);
    }

    [Fact]
    public async Task A_flush_that_is_cancelled_between_two_messages_cannot_be_repeated_from_its_start()
    {
        await using ChannelPair pair = await ChannelPair.CreateAsync(
            pipeOptions: new PipeOptions(pauseWriterThreshold: 0)
        );
        HeldChannel held = new(pair.Client);
        IDuplexPipe pipe = held.AsDuplexPipe();
        pipe.Output.GetSpan(150_000)[..150_000].Clear();
        pipe.Output.Advance(150_000);
        using CancellationTokenSource canceling = new();
        Task flushing = pipe.Output.FlushAsync(canceling.Token).AsTask();

        await canceling.CancelAsync();
        held.Held.SetResult();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => flushing.WaitAsync(Soon));
        var again = await Assert.ThrowsAsync<SecureChannelException>(async () => await pipe.Output.FlushAsync());
        Assert.Equal(SecureChannelError.Aborted, again.Error);
        await pipe.Output.CompleteAsync(new IOException("over"));
        await pipe.Input.CompleteAsync();
    }

    [Fact]
    public async Task A_buffer_of_a_padded_message_goes_back_as_zeros()
    {
        CheckingPool pool = new();
        SecureChannelClientOptions padding = ChannelPair.ClientOptions(ChannelProtocol.V1);
        padding.PaddingBlock = 256;
        await using ChannelPair pair = await ChannelPair.CreateAsync(
            padding,
            ChannelPair.ServerOptions(ChannelProtocol.V1)
        );
        await using SecureChannelStream stream = new(pair.Server, leaveOpen: false, closeOnDispose: false, pool);

        await pair.Client.SendAsync(new byte[] { 1, 2, 3 });
        await stream.ReadExactlyAsync(new byte[1]);
        await stream.ReadExactlyAsync(new byte[2]);

        Assert.Empty(pool.Mistakes());
        Assert.Equal(0, pool.Outstanding);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_pipe_hands_out_nothing_that_it_held_when_the_channel_ended(bool tries)
    {
        await using ChannelPair pair = await ChannelPair.CreateAsync();
        IDuplexPipe pipe = pair.Server.AsDuplexPipe();
        await pair.Client.SendAsync(new byte[] { 1, 2, 3 });
        ReadResult read = await pipe.Input.ReadAsync();
        pipe.Input.AdvanceTo(read.Buffer.GetPosition(1));

        pair.Server.Abort();

        var failure = await Assert.ThrowsAsync<SecureChannelException>(async () =>
            _ = tries ? pipe.Input.TryRead(out _) : (await pipe.Input.ReadAsync()).IsCanceled
        );
        Assert.Equal(SecureChannelError.Aborted, failure.Error);
    }

    [Fact]
    public async Task A_channel_over_a_pipe_over_a_stream_that_takes_nothing_is_disposed_all_the_same()
    {
        await using SocketPair sockets = await SocketPair.CreateAsync();
        StuckStream stuck = new(sockets.Client);
        StreamPipe pipe = new(PipeReader.Create(stuck), PipeWriter.Create(stuck));
        Task<ISecureChannel> accepting = SecureChannel
            .AcceptAsync(sockets.Server, ChannelPair.ServerOptions(ChannelProtocol.V1))
            .AsTask();
        ISecureChannel client = await SecureChannel.ConnectAsync(pipe, ChannelPair.ClientOptions(ChannelProtocol.V1));
        await using ISecureChannel server = await accepting;
        stuck.IsStuck = true;
        Task sending = client.SendAsync(new byte[100]).AsTask();

        await client.DisposeAsync().AsTask().WaitAsync(Soon);

        await Assert.ThrowsAsync<ObjectDisposedException>(() => sending.WaitAsync(Soon));
        Assert.False(stuck.WasWrittenAtTheEnd);
    }

    [Fact]
    public async Task A_disposal_while_a_message_is_opened_does_not_blame_the_peer()
    {
        await using ChannelPair pair = await ChannelPair.CreateAsync();
        await pair.Client.SendAsync(new byte[10]);

        await Assert.ThrowsAsync<ObjectDisposedException>(async () =>
            await pair.Server.ReceiveAsync(new ActingWriter(() => _ = pair.Server.DisposeAsync().AsTask()))
        );
    }

    [Fact]
    public async Task A_ping_that_the_end_of_its_channel_overtakes_is_left_to_fail_for_that_reason()
    {
        using RatchetPair pair = new();
        Pipe pipe = new();
        ChannelLifetime lifetime = new();
        ChannelSender sender = new(pipe.Writer, pair.Client, lifetime, (_, _) => { });
        Ping ping = new(1);

        Assert.True(lifetime.TryEnd(failure: null, out _));
        pair.Client.EraseSendingKeys();
        sender.Post(ping);
        sender.End(reason: null);

        await sender.Finished.WaitAsync(Soon);
        Assert.False(ping.Answer.IsCompleted);
    }

    [Fact]
    public void A_ping_that_fails_after_its_caller_left_is_not_told_of_as_unobserved()
    {
        IOException reason = new("nobody waits for this");
        Assert.False(IsToldOf(() => new Ping(1).Fail(reason), e => e == reason));
    }

    [Fact]
    public async Task An_output_that_cannot_be_completed_in_the_background_is_not_told_of_as_unobserved()
    {
        await using ChannelPair pair = await ChannelPair.CreateAsync();
        Assert.False(
            IsToldOf(
                () =>
                {
                    PipeWriter output = pair.Client.AsDuplexPipe().Output;
                    output.GetSpan(10);
                    output.Advance(10);
                    pair.Client.Abort();
                    output.Complete();
                },
                e => e is SecureChannelException { Error: SecureChannelError.Aborted }
            )
        );
    }

    [Fact]
    public async Task A_reset_that_a_write_was_told_of_is_no_orderly_end_to_a_relay()
    {
        await using SocketPair sockets = await SocketPair.CreateAsync();
        Socket plain = ((NetworkStream)sockets.Server).Socket;
        ResetDetector end = new(plain);
        ((NetworkStream)sockets.Client).Socket.LingerState = new LingerOption(enable: true, seconds: 0);
        ((NetworkStream)sockets.Client).Socket.Dispose();
        Assert.True(plain.Poll(Soon, SelectMode.SelectRead));
        Assert.Throws<SocketException>(() => plain.Send(new byte[1]));

        Assert.Throws<IOException>(end.ThrowIfReset);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_orderly_end_is_one_to_a_relay_whether_its_peer_still_reads_or_not(bool isFull)
    {
        await using SocketPair sockets = await SocketPair.CreateAsync();
        Socket plain = ((NetworkStream)sockets.Server).Socket;
        ResetDetector end = new(plain);
        ((NetworkStream)sockets.Client).Socket.Shutdown(SocketShutdown.Send);
        Task filling = isFull ? plain.SendAsync(new byte[64 << 20]) : Task.CompletedTask;
        Assert.Equal(0, plain.Receive(new byte[1]));

        await Task.Run(end.ThrowIfReset).WaitAsync(Soon);
        if (!isFull)
            end.Shutdown();
        await Task.Run(end.ThrowIfReset).WaitAsync(Soon);

        plain.Dispose();
        await filling.WaitAsync(Soon).ContinueWith(_ => { }, TaskScheduler.Default);
    }

    // Whether something that was done here left an exception that nobody observed.
    private static bool IsToldOf(Action act, Predicate<Exception> isIt)
    {
        bool wasTold = false;
        void Told(object? sender, UnobservedTaskExceptionEventArgs e) =>
            wasTold |= e.Exception.Flatten().InnerExceptions.Any(inner => isIt(inner));
        TaskScheduler.UnobservedTaskException += Told;
        try
        {
            Act(act);
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return wasTold;
        }
        finally
        {
            TaskScheduler.UnobservedTaskException -= Told;
        }
    }

    // No local of it outlives it.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Act(Action act) => act();

    private sealed record StreamPipe(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    /// <summary>Passes everything on, but holds the return of its first write.</summary>
    private sealed class HeldChannel(ISecureChannel inner) : ISecureChannel
    {
        internal TaskCompletionSource Held { get; } = new();

        public ProtocolPhase Phase => inner.Phase;

        public ChannelPeer Peer => inner.Peer;

        public EndPoint? RemoteEndPoint => inner.RemoteEndPoint;

        public int MaxMessageSize => inner.MaxMessageSize;

        public CancellationToken Ended => inner.Ended;

        public async ValueTask WriteAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken = default)
        {
            await inner.WriteAsync(message, cancellationToken);
            await Held.Task;
        }

        public ValueTask SendAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken = default) =>
            inner.SendAsync(message, cancellationToken);

        public ValueTask FlushAsync(CancellationToken cancellationToken = default) =>
            inner.FlushAsync(cancellationToken);

        public ValueTask<bool> ReceiveAsync(
            IBufferWriter<byte> destination,
            CancellationToken cancellationToken = default
        ) => inner.ReceiveAsync(destination, cancellationToken);

        public ValueTask CloseAsync(CancellationToken cancellationToken = default) =>
            inner.CloseAsync(cancellationToken);

        public ValueTask<TimeSpan> PingAsync(CancellationToken cancellationToken = default) =>
            inner.PingAsync(cancellationToken);

        public void Abort() => inner.Abort();

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }

    /// <summary>A stream whose writes do not come back, until they are cancelled.</summary>
    private sealed class StuckStream(Stream inner) : PassingStream(inner)
    {
        internal volatile bool IsStuck;

        internal bool WasWrittenAtTheEnd { get; private set; }

        public override async ValueTask WriteAsync(
            ReadOnlyMemory<byte> buffer,
            CancellationToken cancellationToken = default
        )
        {
            if (IsStuck)
                await Task.Delay(Timeout.Infinite, cancellationToken);
            await Inner.WriteAsync(buffer, cancellationToken);
        }

        public override void Write(byte[] buffer, int offset, int count)
        {
            WasWrittenAtTheEnd = true;
            throw new IOException("it takes nothing");
        }

        public override void Write(ReadOnlySpan<byte> buffer) => Write([], 0, 0);
    }

    /// <summary>Does something when memory for a message is asked for.</summary>
    private sealed class ActingWriter(Action act) : IBufferWriter<byte>
    {
        public void Advance(int count) { }

        public Memory<byte> GetMemory(int sizeHint = 0)
        {
            act();
            return new byte[Math.Max(1, sizeHint)];
        }

        public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;
    }
}
