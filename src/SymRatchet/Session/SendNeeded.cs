namespace SymRatchet.Session;

/// <summary>Waits until its bytes have been sent.</summary>
internal sealed class SendNeeded(ReadOnlyMemory<byte> bytes, HandshakeState next) : HandshakeState
{
    internal ReadOnlyMemory<byte> Bytes { get; } = bytes;

    internal HandshakeState Sent()
    {
        MarkUsed();
        return next;
    }

    public override void Dispose() => next.Dispose();
}
