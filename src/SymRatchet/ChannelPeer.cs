using System.Diagnostics;

namespace SymRatchet;

/// <summary>What the handshake proved about the other side. Immutable.</summary>
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

    /// <summary>The protocol that the channel speaks.</summary>
    public ChannelProtocol Protocol { get; }

    /// <summary>The role of the other side.</summary>
    public ChannelRole Role { get; }

    /// <summary>The client's id, proven on the server, and this side's own on the client. 1 to 255 bytes.</summary>
    public ClientId ClientId { get; }

    /// <summary>
    /// The cipher suite of the session; <see cref="CipherSuiteId.None"/> where the protocol has one cipher of its own.
    /// </summary>
    public CipherSuiteId Suite { get; }

    /// <summary>
    /// The epoch whose root key the session grew from; 0 for <see cref="ChannelProtocol.Seed"/>, which has no epochs.
    /// </summary>
    public long Epoch { get; }

    /// <summary>The role, id, protocol, suite and epoch.</summary>
    public override string ToString() =>
        Suite == CipherSuiteId.None
            ? $"{Role} of {ClientId} ({Protocol})"
            : $"{Role} of {ClientId} ({Protocol}, {Suite}, epoch {Epoch})";
}
