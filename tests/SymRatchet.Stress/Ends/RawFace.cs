using System.Buffers;

namespace SymRatchet.Stress.Ends;

/// <summary>The channel itself. Its messages keep their borders.</summary>
internal sealed class RawFace(Party party) : IFace
{
    private readonly ArrayBufferWriter<byte> _received = new();
    private readonly byte[] _message = new byte[Sizes.Max];

    public async Task WriteAsync(Random random, CancellationToken token)
    {
        Memory<byte> message = _message.AsMemory(0, Sizes.Next(random));
        party.Out.Offer(message.Span);
        try
        {
            switch (random.Next(3))
            {
                case 0:
                    await party.CallAsync("WriteAsync", token, () => party.Channel.WriteAsync(message, token));
                    break;
                default:
                    await party.CallAsync("SendAsync", token, () => party.Channel.SendAsync(message, token));
                    break;
            }
        }
        catch (OperationCanceledException) when (!party.Channel.Ended.IsCancellationRequested)
        {
            // A channel that can still be used has not begun to send it.
            party.Out.TakeBack(message.Length);
            throw;
        }

        if (random.Next(4) == 0)
            await party.CallAsync("FlushAsync", default, () => party.Channel.FlushAsync(CancellationToken.None));
    }

    public async Task<bool> ReadAsync(Random random, CancellationToken token)
    {
        _received.ResetWrittenCount();
        if (!await party.CallAsync("ReceiveAsync", token, () => party.Channel.ReceiveAsync(_received, token)))
        {
            party.Check(party.In.TakeEnd());
            return false;
        }

        party.Took(_received.WrittenSpan);
        return true;
    }

    public Task EndAsync()
    {
        party.Out.End();
        return party.CallAsync("CloseAsync", default, () => party.Channel.CloseAsync(CancellationToken.None));
    }

    public void Abort() => party.Channel.Abort();

    public Task DisposeAsync(Random random) => Task.CompletedTask;
}
