namespace SymRatchet.Stress.Ends;

/// <summary>The channel as a stream.</summary>
internal sealed class StreamFace : IFace
{
    private readonly Party _party;
    private readonly SecureChannelStream _stream;
    private readonly bool _leaveOpen;
    private readonly byte[] _sent = new byte[Sizes.Max];
    private readonly byte[] _received = new byte[Sizes.Max];

    internal StreamFace(Party party, Random random)
    {
        _party = party;
        _leaveOpen = random.Next(4) == 0;
        _stream = new SecureChannelStream(party.Channel, _leaveOpen, closeOnDispose: false, party.Pool);
    }

    internal SecureChannelStream Stream => _stream;

    public async Task WriteAsync(Random random, CancellationToken token)
    {
        Memory<byte> bytes = _sent.AsMemory(0, Sizes.Next(random));
        _party.Out.Offer(bytes.Span);
        try
        {
            await _party.CallAsync($"WriteAsync({bytes.Length})", token, () => _stream.WriteAsync(bytes, token));
        }
        catch (OperationCanceledException)
        {
            // A channel that can still be used has sent nothing of it.
            if (!_party.Channel.Ended.IsCancellationRequested)
                _party.Out.TakeBack(bytes.Length);
            throw;
        }
    }

    public async Task<bool> ReadAsync(Random random, CancellationToken token)
    {
        // What is beyond the room that a read was given must stay as it is.
        int length = Math.Max(1, Sizes.Next(random));
        if (length < _received.Length)
            _received[length] = 0x5A;
        int read = await _party.CallAsync(
            $"ReadAsync({length})",
            token,
            () => _stream.ReadAsync(_received.AsMemory(0, length), token)
        );
        if (length < _received.Length && _received[length] != 0x5A)
            _party.Fail("a read wrote beyond its buffer");
        if (read == 0)
        {
            _party.Check(_party.In.TakeEnd());
            return false;
        }

        _party.Took(_received.AsSpan(0, read));
        return true;
    }

    public async Task EndAsync()
    {
        _party.Out.End();
        await _party.CallAsync(
            "CompleteWritesAsync",
            default,
            () => _stream.CompleteWritesAsync(CancellationToken.None)
        );
    }

    public void Abort() => _stream.Abort();

    public async Task DisposeAsync(Random random)
    {
        if (random.Next(4) == 0 && !_leaveOpen)
            await _party.CallAsync("Dispose of the stream", default, () => new ValueTask(Task.Run(_stream.Dispose)));
        await _party.CallAsync("DisposeAsync of the stream", default, _stream.DisposeAsync);
    }
}
