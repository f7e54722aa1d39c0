using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;

namespace SymRatchet.TestKit;

/// <summary>
/// A connection in memory of which one direction passes through the hands of a test: at first as it comes, and once
/// held, not at all; then the test sees the frames and sends what it likes instead.
/// </summary>
public sealed class HeldWire
{
    private const int HeaderSize = 16;
    private const int LengthOffset = 4;

    // Nothing waits for room: a test must not deadlock on what it holds itself.
    private static readonly PipeOptions Unbounded = new(pauseWriterThreshold: 0);

    private readonly Pipe _fromSender = new(Unbounded);
    private readonly Pipe _toReceiver = new(Unbounded);
    private readonly CancellationTokenSource _hold = new();
    private readonly Task _passing;

    public HeldWire()
    {
        Pipe back = new(Unbounded);
        Sender = new End(back.Reader, _fromSender.Writer);
        Receiver = new End(_toReceiver.Reader, back.Writer);
        _passing = PassAsync(_hold.Token);
    }

    public IDuplexPipe Sender { get; }

    public IDuplexPipe Receiver { get; }

    /// <summary>From here on, nothing that is sent arrives.</summary>
    public async Task HoldAsync()
    {
        await _hold.CancelAsync();
        await _passing;
        _hold.Dispose();
    }

    /// <summary>The next so many frames of protocol 1 that were sent.</summary>
    public async Task<List<byte[]>> TakeAsync(int frames)
    {
        List<byte[]> taken = [];
        while (taken.Count < frames)
        {
            ReadResult header = await _fromSender.Reader.ReadAtLeastAsync(HeaderSize);
            uint length = BinaryPrimitives.ReadUInt32BigEndian(
                header.Buffer.Slice(LengthOffset, sizeof(uint)).ToArray()
            );
            _fromSender.Reader.AdvanceTo(header.Buffer.Start);
            ReadResult read = await _fromSender.Reader.ReadAtLeastAsync(HeaderSize + (int)length);
            ReadOnlySequence<byte> frame = read.Buffer.Slice(0, HeaderSize + length);
            taken.Add(frame.ToArray());
            _fromSender.Reader.AdvanceTo(frame.End);
        }

        return taken;
    }

    /// <summary>Sends bytes to the receiver, and then the end of the stream.</summary>
    public async Task SendAsync(IEnumerable<byte[]> frames)
    {
        foreach (byte[] frame in frames)
            await _toReceiver.Writer.WriteAsync(frame);
        await _toReceiver.Writer.CompleteAsync();
    }

    private async Task PassAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                ReadResult read = await _fromSender.Reader.ReadAsync(cancellationToken);
                foreach (ReadOnlyMemory<byte> part in read.Buffer)
                    await _toReceiver.Writer.WriteAsync(part, CancellationToken.None);
                _fromSender.Reader.AdvanceTo(read.Buffer.End);
            }
        }
        catch (OperationCanceledException)
        {
            // Held.
        }
    }

    private sealed record End(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
