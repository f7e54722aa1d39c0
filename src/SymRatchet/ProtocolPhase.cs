namespace SymRatchet;

/// <summary>Specifies the phase of a channel (docs/protocol.md, 7).</summary>
/// <remarks>It only moves down this list.</remarks>
public enum ProtocolPhase
{
    /// <summary>The handshake has not proven the peer yet.</summary>
    Init = 0,

    /// <summary>
    /// Protocol 1 only: the server is proven to the client, and CLIENT_CONFIRM or SERVER_CONFIRM is pending.
    /// </summary>
    Confirming = 1,

    /// <summary>Both sides are proven; messages can be exchanged.</summary>
    Active = 2,

    /// <summary>Closed or failed; keys are erased and nothing more is sent or delivered.</summary>
    Terminated = 3,
}
