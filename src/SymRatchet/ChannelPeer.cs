using System.Diagnostics;

namespace SymRatchet;

/// <summary>Describes the other side of a channel as the handshake has proven it.</summary>
/// <remarks>Immutable.</remarks>
[DebuggerDisplay("{ToString(),nq}")]
public sealed class ChannelPeer
{
    internal ChannelPeer(
        ChannelProtocol protocol,
        ChannelRole role,
        ClientId clientId,
        CipherSuiteId suite = CipherSuiteId.None,
        long epoch = 0
    )
    {
        Protocol = protocol;
        Role = role;
        ClientId = clientId;
        Suite = suite;
        Epoch = epoch;
    }

    /// <summary>Gets the protocol of the channel.</summary>
    public ChannelProtocol Protocol { get; }

    /// <summary>Gets the role of the other side.</summary>
    public ChannelRole Role { get; }

    /// <summary>
    /// Gets the client's id, 1 to 255 bytes: on a server the proven id of the peer, on a client its own.
    /// </summary>
    public ClientId ClientId { get; }

    /// <summary>
    /// Gets the cipher suite of the session; <see cref="CipherSuiteId.None"/> for <see cref="ChannelProtocol.Seed"/>.
    /// </summary>
    public CipherSuiteId Suite { get; }

    /// <summary>
    /// Gets the epoch whose root key the session was derived from; 0 for <see cref="ChannelProtocol.Seed"/>, which has
    /// no epochs.
    /// </summary>
    public long Epoch { get; }

    /// <summary>Returns the role, id, protocol, suite and epoch as text.</summary>
    public override string ToString() =>
        Suite == CipherSuiteId.None
            ? $"{Role} of {ClientId} ({Protocol})"
            : $"{Role} of {ClientId} ({Protocol}, {Suite}, epoch {Epoch})";
}
