using System.Buffers;
using System.IO.Pipelines;
using SymRatchet.Streams;

namespace SymRatchet.Stress.Ends;

/// <summary>The channel as a pipe.</summary>
internal sealed class PipeFace(Party party, Random plan) : IFace
{
    // Whoever completes a pipe must not do so while somebody uses its memory; during a read or a flush he may.
    private readonly Lock _filling = new();
    private readonly Lock _taking = new();
    private readonly ChannelDuplexPipe _pipe = new(party.Channel, leaveOpen: plan.Next(4) == 0, party.Pool);

    private bool _isInputCompleted;

    public async Task WriteAsync(Random random, CancellationToken token)
    {
        for (int i = random.Next(3); i >= 0; i--)
        {
            int length = Sizes.Next(random);
            lock (_filling)
            {
                party.Out.Offer(_pipe.Output.GetSpan(length)[..length]);
                _pipe.Output.Advance(length);
            }
        }

        ValueTask<FlushResult> FlushAsync() => _pipe.Output.FlushAsync(token);
        Task<FlushResult> flushing = party.CallAsync($"FlushAsync({_pipe.Output.UnflushedBytes})", token, FlushAsync);
        if (party.Connection.MayFail && random.Next(20) == 0)
            CancelFlush();
        FlushResult flushed = await flushing;
        if (flushed.IsCanceled && party.Channel.Ended.IsCancellationRequested)
            party.Connection.End();
    }

    public async Task<bool> ReadAsync(Random random, CancellationToken token)
    {
        Task<ReadResult> reading = party.CallAsync("ReadAsync", token, () => _pipe.Input.ReadAsync(token));
        if (random.Next(20) == 0)
            _pipe.Input.CancelPendingRead();
        ReadResult read = await reading;
        lock (_taking)
        {
            if (!_isInputCompleted)
                return Take(random, read);

            // Completed meanwhile, the bytes are nobody's to look at; they are given back, and the pipe ends with that.
            if (!read.Buffer.IsEmpty)
                _pipe.Input.AdvanceTo(read.Buffer.Start);
            throw new InvalidOperationException("The input was completed.");
        }
    }

    private bool Take(Random random, ReadResult read)
    {
        ReadOnlySequence<byte> taken = read.Buffer;
        bool isPart = random.Next(4) == 0 && !read.IsCompleted;
        if (isPart)
            taken = taken.Slice(0, random.NextInt64(taken.Length + 1));
        foreach (ReadOnlyMemory<byte> piece in taken)
            party.Took(piece.Span);
        _pipe.Input.AdvanceTo(taken.End, isPart && random.Next(2) == 0 ? read.Buffer.End : taken.End);
        if (!read.IsCompleted)
            return true;
        party.Check(party.In.TakeEnd());
        return false;
    }

    public async Task EndAsync()
    {
        party.Out.End();
        await party.CallAsync("CompleteAsync of the output", default, () => _pipe.Output.CompleteAsync());
    }

    public void Abort()
    {
        lock (_filling)
            _pipe.Output.Complete(new IOException("the stress gives up"));
        if (party.Out.HasEnded)
            party.Channel.Abort(); // completed before, it is not completed again
    }

    public async Task DisposeAsync(Random random)
    {
        bool inputFirst = random.Next(2) == 0;
        for (int i = 0; i < 2; i++)
        {
            if (inputFirst == (i == 0))
                await party.CallAsync("CompleteAsync of the input", default, CompleteInputAsync);
            else
                await party.CallAsync("CompleteAsync of the output", default, CompleteOutputAsync);
        }
    }

    private void CancelFlush()
    {
        try
        {
            _pipe.Output.CancelPendingFlush();
        }
        catch (ObjectDisposedException)
        {
            // So the runtime's writer says that it was completed.
        }
    }

    private ValueTask CompleteInputAsync()
    {
        lock (_taking)
        {
            _isInputCompleted = true;
            return _pipe.Input.CompleteAsync();
        }
    }

    private ValueTask CompleteOutputAsync()
    {
        lock (_filling)
            return _pipe.Output.CompleteAsync(new IOException("over"));
    }
}
