using SymRatchet.Tunnel.Ends;
using SymRatchet.Tunnel.Multiplexing;

namespace SymRatchet.Tunnel.Tests;

/// <summary>A connection that always has bytes gives its thread back now and then.</summary>
public sealed class TurnTests
{
    private const int Total = 10 * Turn.Most;

    [Fact]
    public async Task A_relay_that_never_waits_gives_its_thread_back_after_each_turn()
    {
        OneByOne context = new();
        int reads = 0;
        Endless from = new(() =>
        {
            context.Count();
            return ++reads < Total ? 1 : 0;
        });
        Endless to = new(() => 0);

        await context.RunAsync(async () => Assert.Null(await new Relay(from, to, TimeProvider.System).RunAsync()));

        Assert.Equal(Total - 1, to.Written);
        Assert.Equal(Turn.Most, context.Most);
    }

    [Fact]
    public async Task A_multiplexers_reader_that_never_waits_gives_its_thread_back_after_each_turn()
    {
        OneByOne context = new();
        await using FairStream stream = new(new MemoryStream(new byte[Total]));
        await context.RunAsync(async () =>
        {
            for (int read = 0; read < Total; read++)
            {
                context.Count();
                Assert.Equal(1, await stream.ReadAsync(new byte[1]));
            }
        });
        Assert.Equal(Turn.Most, context.Most);
    }

    [Fact]
    public void A_read_that_had_to_wait_begins_a_new_turn()
    {
        Turn turn = default;
        for (int read = 1; read < Turn.Most; read++)
            Assert.False(turn.IsOver(hadToWait: false));
        Assert.False(turn.IsOver(hadToWait: true));
        for (int read = 1; read < Turn.Most; read++)
            Assert.False(turn.IsOver(hadToWait: false));
        Assert.True(turn.IsOver(hadToWait: false));
        Assert.False(turn.IsOver(hadToWait: false));
    }

    private sealed class Endless(Func<int> read) : RelayEnd
    {
        internal int Written { get; private set; }

        internal override ValueTask<int> ReadAsync(Memory<byte> buffer) => new(read());

        internal override ValueTask WriteAsync(ReadOnlyMemory<byte> bytes)
        {
            Written += bytes.Length;
            return default;
        }

        internal override ValueTask CompleteWritesAsync() => default;

        internal override void Abort() { }

        public override ValueTask DisposeAsync() => default;
    }

    // Runs what is posted one by one; each is what a thread does until it is given back.
    private sealed class OneByOne : SynchronizationContext
    {
        private readonly System.Threading.Channels.Channel<Action> _posted =
            System.Threading.Channels.Channel.CreateUnbounded<Action>();
        private int _count;

        /// <summary>The highest count of one turn.</summary>
        internal int Most { get; private set; }

        internal void Count() => Most = Math.Max(Most, ++_count);

        public override void Post(SendOrPostCallback d, object? state) => _posted.Writer.TryWrite(() => d(state));

        internal Task RunAsync(Func<Task> start) =>
            Task.Run(async () =>
                {
                    Post(_ => _ = CompleteAsync(), null);
                    await foreach (Action next in _posted.Reader.ReadAllAsync())
                    {
                        SynchronizationContext? before = Current;
                        SetSynchronizationContext(this);
                        _count = 0;
                        next();
                        SetSynchronizationContext(before);
                    }

                    async Task CompleteAsync()
                    {
                        try
                        {
                            await start().ConfigureAwait(false);
                            _posted.Writer.Complete();
                        }
                        catch (Exception e)
                        {
                            _posted.Writer.Complete(e);
                        }
                    }
                })
                .WaitAsync(TimeSpan.FromSeconds(30));
    }
}
