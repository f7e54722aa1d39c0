namespace SymRatchet;

/// <summary>What a key store knows of one identity, without its keys. Immutable.</summary>
public sealed class KeyRecord
{
    /// <summary>The client's id, 1 to 255 bytes.</summary>
    public required ClientId Id { get; init; }

    /// <summary>The one protocol that the key serves.</summary>
    public required ChannelProtocol Protocol { get; init; }

    /// <summary>Whether the root key moves forward with every session.</summary>
    public required KeyEvolution Evolution { get; init; }

    /// <summary>The cipher suites that the identity may use; empty for no restriction.</summary>
    public required IReadOnlyList<CipherSuiteId> Suites { get; init; }

    /// <summary>The last epoch; of a revoked identity, that at which it was revoked.</summary>
    public required long Epoch { get; init; }

    /// <summary>When the identity was added.</summary>
    public required DateTimeOffset Added { get; init; }

    /// <summary>
    /// When the key was moved last, which every session of a key that evolves does; null before the first one, and for
    /// keys that do not move.
    /// </summary>
    public DateTimeOffset? LastSeen { get; init; }

    /// <summary>When the identity was revoked; null while it is not.</summary>
    public DateTimeOffset? Revoked { get; init; }

    /// <summary>Whether a new key waits beside the old one for the client to use it.</summary>
    public bool IsRotating { get; init; }

    /// <summary>The id, protocol and epoch, and whether the identity is revoked.</summary>
    public override string ToString() => $"{Id} ({Protocol}, epoch {Epoch}{(Revoked is null ? "" : ", revoked")})";
}
