namespace SymRatchet;

/// <summary>Where a channel stands. It only ever moves down this list. Protocol 1, section 7 (Transitions).</summary>
public enum ProtocolPhase
{
    /// <summary>The handshake has not yet proven the peer.</summary>
    Init = 0,

    /// <summary>Protocol 1 only: the server is proven to the client, and the last proof is on its way.</summary>
    Confirming = 1,

    /// <summary>Both sides are proven; messages flow.</summary>
    Active = 2,

    /// <summary>Closed or failed; keys are erased and nothing more is sent or delivered.</summary>
    Terminated = 3,
}
