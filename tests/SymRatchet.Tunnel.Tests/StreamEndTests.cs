using System.IO.Pipelines;
using Nerdbank.Streams;
using SymRatchet.Tunnel.Multiplexing;

namespace SymRatchet.Tunnel.Tests;

/// <summary>When one connection of a link has ended: once each side has read the other's end.</summary>
public sealed class StreamEndTests : IAsyncLifetime
{
    private static readonly byte[] End = [0, 0, 0, 0];
    private static readonly byte[] EndRead = [0xff, 0xff, 0xff, 0xff];
    private static readonly TimeSpan AMoment = TimeSpan.FromMilliseconds(200);

    private MultiplexingStream _near = null!;
    private MultiplexingStream _far = null!;
    private StreamEnd _end = null!;
    private MultiplexingStream.Channel _peer = null!;

    public async Task InitializeAsync()
    {
        (Stream near, Stream far) = FullDuplexStream.CreatePair();
        MultiplexingStream.Options options = new() { ProtocolMajorVersion = 3 };
        _near = MultiplexingStream.Create(near, options);
        _far = MultiplexingStream.Create(far, options);
        Task<MultiplexingStream.Channel> offered = _near.OfferChannelAsync("one");
        _peer = await _far.AcceptChannelAsync("one");
        _end = new StreamEnd(await offered);
    }

    public async Task DisposeAsync()
    {
        await _near.DisposeAsync();
        await _far.DisposeAsync();
    }

    [Fact]
    public async Task It_ends_once_the_other_side_has_read_its_end()
    {
        Task ended = await EndBothWaysAsync();
        byte[] said = await ReadAsync(8);
        Assert.Equal<byte>([.. End, .. EndRead], said);
        await StaysAsync(ended);
        await _peer.Output.WriteAsync(EndRead);
        await _peer.Output.CompleteAsync();
        await _peer.Input.CompleteAsync();
        await ended.WaitAsync(Wait.Limit);
    }

    [Fact]
    public async Task Two_of_them_end_each_other()
    {
        await using StreamEnd other = new(_peer);
        Task ended = EndAsync(_end);
        await StaysAsync(ended);
        await EndAsync(other).WaitAsync(Wait.Limit);
        await ended.WaitAsync(Wait.Limit);

        static async Task EndAsync(StreamEnd end)
        {
            await end.CompleteWritesAsync();
            Assert.Equal(0, await end.ReadAsync(new byte[1]));
            await end.DisposeAsync();
        }
    }

    [Fact]
    public async Task Who_disposes_it_again_waits_too()
    {
        Task ended = await EndBothWaysAsync();
        Task again = _end.DisposeAsync().AsTask();
        await StaysAsync(again);
        await _peer.Output.WriteAsync(EndRead);
        await _peer.Output.CompleteAsync();
        await _peer.Input.CompleteAsync();
        await Task.WhenAll(ended, again).WaitAsync(Wait.Limit);
    }

    [Fact]
    public async Task An_abort_ends_the_wait_for_a_side_that_never_reads()
    {
        Task ended = await EndBothWaysAsync();
        await StaysAsync(ended);
        _end.Abort();
        await ended.WaitAsync(Wait.Limit);
    }

    [Fact]
    public async Task What_is_written_to_a_side_that_no_longer_reads_is_an_error()
    {
        await _peer.Input.CompleteAsync();
        await Assert.ThrowsAsync<IOException>(async () =>
        {
            using CancellationTokenSource limit = new(Wait.Limit);
            while (true)
            {
                limit.Token.ThrowIfCancellationRequested();
                await _end.WriteAsync(new byte[1024]).AsTask().WaitAsync(limit.Token);
            }
        });
    }

    [Fact]
    public async Task The_end_of_the_link_ends_the_wait()
    {
        Task ended = await EndBothWaysAsync();
        await StaysAsync(ended);
        await _far.DisposeAsync();
        await ended.WaitAsync(Wait.Limit);
    }

    [Theory]
    [InlineData(new byte[] { 0, 0, 0, 0 })]
    [InlineData(new byte[] { 0, 0, 0, 1, 7 })]
    [InlineData(new byte[] { 0xff })]
    public async Task Something_else_than_the_word_that_it_was_read_ends_it_at_once(byte[] said)
    {
        Task ended = await EndBothWaysAsync();
        await _peer.Output.WriteAsync(said);
        if (said.Length < 4)
            await _peer.Output.CompleteAsync();
        await ended.WaitAsync(Wait.Limit);
    }

    [Fact]
    public async Task The_word_that_an_end_was_read_is_no_length()
    {
        await _peer.Output.WriteAsync(EndRead);
        await Assert.ThrowsAsync<IOException>(() => _end.ReadAsync(new byte[1]).AsTask().WaitAsync(Wait.Limit));
    }

    [Fact]
    public async Task Before_both_have_ended_it_ends_at_once()
    {
        await _end.CompleteWritesAsync();
        await _end.DisposeAsync().AsTask().WaitAsync(Wait.Limit);
        ReadResult read = default;
        Exception? failure = await Record.ExceptionAsync(async () =>
        {
            while (!read.IsCompleted)
            {
                read = await _peer.Input.ReadAsync().AsTask().WaitAsync(Wait.Limit);
                _peer.Input.AdvanceTo(read.Buffer.End);
            }
        });
        Assert.False(failure is TimeoutException, "the other side was told nothing");
    }

    private async Task<Task> EndBothWaysAsync()
    {
        await _end.CompleteWritesAsync();
        await _peer.Output.WriteAsync(End);
        Assert.Equal(0, await _end.ReadAsync(new byte[1]).AsTask().WaitAsync(Wait.Limit));
        return _end.DisposeAsync().AsTask();
    }

    private async Task<byte[]> ReadAsync(int count)
    {
        ReadResult read = await _peer.Input.ReadAtLeastAsync(count).AsTask().WaitAsync(Wait.Limit);
        byte[] bytes = System.Buffers.BuffersExtensions.ToArray(read.Buffer.Slice(0, count));
        _peer.Input.AdvanceTo(read.Buffer.GetPosition(count));
        return bytes;
    }

    private static async Task StaysAsync(Task task)
    {
        await Task.Delay(AMoment);
        Assert.False(task.IsCompleted);
    }
}
