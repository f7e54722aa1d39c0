using SymRatchet.Exploration.Machine;

namespace SymRatchet.Exploration.World;

/// <summary>One end of the two: its channel once there is one, and what has been said and seen.</summary>
internal sealed class Side(string name, FaceKind kind, Scheduler scheduler, CheckingPool pool, Ledger outgoing)
{
    internal string Name { get; } = name;

    /// <summary>What this side sends.</summary>
    internal Ledger Outgoing { get; } = outgoing;

    internal Side Peer { get; set; } = null!;

    internal WireReader Reader { get; set; } = null!;

    internal Face? Face { get; private set; }

    internal Exception? HandshakeFailure { get; private set; }

    /// <summary>The user told the peer that all was sent, or asked to.</summary>
    internal bool SaidEnd { get; set; }

    internal bool CloseSucceeded { get; set; }

    /// <summary>The user saw the peer's end.</summary>
    internal bool SawEnd { get; set; }

    /// <summary>Somebody began to end this side: disposed, aborted or revoked it.</summary>
    internal bool IsEnding { get; set; }

    internal bool IsRevoked { get; set; }

    internal bool IsAborted { get; set; }

    /// <summary>A call that ends this side has returned.</summary>
    internal bool IsOver { get; set; }

    /// <summary>A call has failed: the channel is of no use any more.</summary>
    internal bool HasFailed { get; set; }

    /// <summary>A call that sends has failed or was cancelled, so what it sends may be cut short.</summary>
    internal bool HasFailedToSend { get; set; }

    internal bool IsSound => Face is not null && !IsEnding && !HasFailed;

    internal async Task EstablishAsync(ValueTask<ISecureChannel> handshake)
    {
        try
        {
            Face = Face.Of(kind, await handshake, scheduler, pool);
        }
        catch (SecureChannelException e)
        {
            HandshakeFailure = e;
        }
    }
}
