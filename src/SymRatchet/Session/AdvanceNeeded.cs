using SymRatchet.Crypto;

namespace SymRatchet.Session;

/// <summary>Waits until the store has durably moved an identity forward. If it cannot, nothing more is sent.</summary>
internal sealed class AdvanceNeeded(ClientId id, long serial, long epoch, SecretBytes epochKey, HandshakeState next)
    : HandshakeState
{
    private bool _isTaken;

    internal ClientId Id { get; } = id;

    /// <summary>Which of the identity's keys moves.</summary>
    internal long Serial { get; } = serial;

    internal long Epoch { get; } = epoch;

    internal SecretBytes EpochKey { get; } = epochKey;

    /// <summary>Transfers the key to a call that may outlive this state and erases it.</summary>
    internal SecretBytes TakeEpochKey()
    {
        _isTaken = true;
        return EpochKey;
    }

    internal HandshakeState Advanced()
    {
        MarkUsed();
        EraseEpochKey();
        return next;
    }

    public override void Dispose()
    {
        EraseEpochKey();
        next.Dispose();
    }

    private void EraseEpochKey()
    {
        if (!_isTaken)
            EpochKey.Dispose();
    }
}
