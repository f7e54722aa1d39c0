namespace SymRatchet;

/// <summary>Describes an identity in a key store, without its keys.</summary>
/// <remarks>Immutable.</remarks>
public sealed class KeyRecord
{
    /// <summary>Gets the client's id, 1 to 255 bytes.</summary>
    public required ClientId Id { get; init; }

    /// <summary>Gets the protocol that the key serves.</summary>
    public required ChannelProtocol Protocol { get; init; }

    /// <summary>Gets whether the root key moves forward with every session.</summary>
    public required KeyEvolution Evolution { get; init; }

    /// <summary>Gets the cipher suites that the identity may use; empty for no restriction.</summary>
    public required IReadOnlyList<CipherSuiteId> Suites { get; init; }

    /// <summary>Gets the current epoch; for a revoked identity, the epoch at its revocation.</summary>
    public required long Epoch { get; init; }

    /// <summary>Gets the time at which the identity was added.</summary>
    public required DateTimeOffset Added { get; init; }

    /// <summary>
    /// Gets the time at which the key last moved forward, as it does with every session; null before the first session,
    /// and for keys that do not evolve.
    /// </summary>
    public DateTimeOffset? LastSeen { get; init; }

    /// <summary>Gets the time of the revocation; null if the identity is not revoked.</summary>
    public DateTimeOffset? Revoked { get; init; }

    /// <summary>Gets whether there is a new key that the client has not used yet.</summary>
    public bool IsRotating { get; init; }

    /// <summary>Returns the id, protocol and epoch as text, and whether the identity is revoked.</summary>
    public override string ToString() => $"{Id} ({Protocol}, epoch {Epoch}{(Revoked is null ? "" : ", revoked")})";
}
