using System.Diagnostics;
using SymRatchet.Crypto;
using SymRatchet.Protocol1;
using SymRatchet.Session;

namespace SymRatchet;

/// <summary>
/// One identity as a key store holds it: a snapshot of its epoch and the key of that epoch, read together. The reader
/// owns the snapshot and disposes it, which erases its keys. Not thread-safe.
/// </summary>
[DebuggerDisplay("{ToString(),nq}")]
public sealed class StoredKey : IDisposable
{
    [DebuggerBrowsable(DebuggerBrowsableState.Never)]
    private readonly SecretBytes _identityKey;

    [DebuggerBrowsable(DebuggerBrowsableState.Never)]
    private readonly SecretBytes _epochKey;

    /// <summary>Makes a snapshot; the keys are copied.</summary>
    /// <param name="protocol">The one protocol that the key serves.</param>
    /// <param name="role">The one role that the key serves.</param>
    /// <param name="id">The client's id, 1 to 255 bytes.</param>
    /// <param name="evolution">Whether the root key moves forward.</param>
    /// <param name="identityKey">
    /// The key that never changes, 32 bytes; empty for <see cref="ChannelProtocol.Seed"/>.
    /// </param>
    /// <param name="epoch">
    /// The epoch of <paramref name="epochKey"/>, 0 or more; 0 for <see cref="ChannelProtocol.Seed"/>, which has no
    /// epochs.
    /// </param>
    /// <param name="epochKey">
    /// The root key of the epoch, 32 bytes; for <see cref="ChannelProtocol.Seed"/> the master key, 16 bytes.
    /// </param>
    /// <exception cref="ArgumentException">
    /// A size or the epoch is out of range, or a protocol, role or evolution is none that there is.
    /// </exception>
    public StoredKey(
        ChannelProtocol protocol,
        ChannelRole role,
        ClientId id,
        KeyEvolution evolution,
        ReadOnlySpan<byte> identityKey,
        long epoch,
        ReadOnlySpan<byte> epochKey
    )
    {
        ArgumentOutOfRangeException.ThrowIfNegative(epoch);
        if (!Enum.IsDefined(protocol) || !Enum.IsDefined(role) || !Enum.IsDefined(evolution))
            throw new ArgumentException($"There is no protocol {protocol}, role {role} and evolution {evolution}.");
        var shape = KeyShape.Of(protocol);
        if (id.Length is 0 or > Limits.MaxIdLength)
            throw new ArgumentException($"An id is 1 to {Limits.MaxIdLength} bytes long.", nameof(id));
        if (identityKey.Length != shape.IdentitySize)
            throw new ArgumentException(
                $"An identity key of {protocol} is {shape.IdentitySize} bytes long.",
                nameof(identityKey)
            );
        if (epochKey.Length != shape.RootSize)
            throw new ArgumentException($"A root key of {protocol} is {shape.RootSize} bytes long.", nameof(epochKey));

        Protocol = protocol;
        Role = role;
        Id = id;
        Evolution = evolution;
        Epoch = epoch;
        _identityKey = new SecretBytes(identityKey);
        _epochKey = new SecretBytes(epochKey);
    }

    /// <summary>The one protocol that the key serves.</summary>
    public ChannelProtocol Protocol { get; }

    /// <summary>The one role that the key serves.</summary>
    public ChannelRole Role { get; }

    /// <summary>The client's id, 1 to 255 bytes.</summary>
    public ClientId Id { get; }

    /// <summary>Whether the root key moves forward with every session.</summary>
    public KeyEvolution Evolution { get; }

    /// <summary>The epoch of <see cref="EpochKey"/>.</summary>
    public long Epoch { get; }

    /// <summary>
    /// Which key this is: a store gives every key that comes to it a number of its own, so a key that was replaced is
    /// never mistaken for the new one.
    /// </summary>
    public long Serial { get; init; }

    /// <summary>The cipher suites that the identity may use; empty for no restriction.</summary>
    public IReadOnlyList<CipherSuiteId> Suites { get; init; } = [];

    /// <summary>When the key was moved last; null if it never was, or if the store does not know.</summary>
    public DateTimeOffset? LastSeen { get; init; }

    /// <summary>
    /// The new key that waits beside this one until the client uses it; null for none. Disposed with this.
    /// </summary>
    public StoredKey? Successor { get; init; }

    /// <summary>
    /// The key that authenticates handshake messages and protects no data. A secret: copy it nowhere but into the
    /// store.
    /// </summary>
    [DebuggerBrowsable(DebuggerBrowsableState.Never)]
    public ReadOnlySpan<byte> IdentityKey => _identityKey.Span;

    /// <summary>The root key of <see cref="Epoch"/>. A secret: copy it nowhere but into the store.</summary>
    [DebuggerBrowsable(DebuggerBrowsableState.Never)]
    public ReadOnlySpan<byte> EpochKey => _epochKey.Span;

    /// <summary>Erases the keys.</summary>
    public void Dispose()
    {
        _identityKey.Dispose();
        _epochKey.Dispose();
        Successor?.Dispose();
    }

    /// <summary>The id, protocol and epoch; never a key.</summary>
    public override string ToString() => $"{Id} ({Protocol}, {Role}, epoch {Epoch})";

    internal StoredKey Copy() => Moved(Epoch, EpochKey);

    /// <summary>A copy at another epoch.</summary>
    internal StoredKey Moved(long epoch, ReadOnlySpan<byte> epochKey) =>
        new(Protocol, Role, Id, Evolution, IdentityKey, epoch, epochKey)
        {
            Serial = Serial,
            Suites = Suites,
            LastSeen = LastSeen,
            Successor = Successor?.Copy(),
        };

    /// <summary>This key or its successor, whichever has the serial; null where neither has.</summary>
    internal StoredKey? OfSerial(long serial) => serial == Serial ? this : Successor?.OfSerial(serial);

    internal bool Allows(CipherSuiteId suite) => Suites.Count == 0 || Suites.Contains(suite);
}
