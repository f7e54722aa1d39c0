using SymRatchet.Primitives;

namespace SymRatchet.Session;

/// <summary>Waits until the store has durably moved an identity forward. Nothing more is sent if it cannot.</summary>
internal sealed class AdvanceNeeded(ReadOnlyMemory<byte> id, long serial, long epoch, SecretBytes epochKey, HandshakeState next) : HandshakeState
{
    internal ReadOnlyMemory<byte> Id { get; } = id;

    /// <summary>Which of the identity's keys moves.</summary>
    internal long Serial { get; } = serial;

    internal long Epoch { get; } = epoch;

    internal SecretBytes EpochKey { get; } = epochKey;

    internal HandshakeState Advanced()
    {
        Consume();
        EpochKey.Dispose();
        return next;
    }

    public override void Dispose()
    {
        EpochKey.Dispose();
        next.Dispose();
    }
}
