using System.Diagnostics;
using SymRatchet.Crypto;
using SymRatchet.Protocol1;
using SymRatchet.Session;

namespace SymRatchet;

/// <summary>Represents a snapshot of an identity in a key store: its epoch and keys, read atomically.</summary>
/// <remarks>The reader owns the snapshot; disposing it erases its keys. Not thread-safe.</remarks>
[DebuggerDisplay("{ToString(),nq}")]
public sealed class StoredKey : IDisposable
{
    [DebuggerBrowsable(DebuggerBrowsableState.Never)]
    private readonly SecretBytes _keys; // the identity key and the root key

    /// <summary>Initializes a new instance of the <see cref="StoredKey"/> class.</summary>
    /// <param name="protocol">The protocol that the key serves.</param>
    /// <param name="role">The role that the key serves.</param>
    /// <param name="id">The client's id, 1 to 255 bytes.</param>
    /// <param name="evolution">Whether the root key moves forward.</param>
    /// <param name="identityKey">The identity key, 32 bytes; empty for <see cref="ChannelProtocol.Seed"/>.</param>
    /// <param name="epoch">
    /// The epoch of <paramref name="epochKey"/>, 0 or more; 0 for <see cref="ChannelProtocol.Seed"/>, which has no
    /// epochs.
    /// </param>
    /// <param name="epochKey">
    /// The root key of the epoch, 32 bytes; for <see cref="ChannelProtocol.Seed"/> the master key, 16 bytes.
    /// </param>
    /// <exception cref="ArgumentException">
    /// A size or the epoch is out of range, or the protocol, role or evolution is not defined.
    /// </exception>
    /// <remarks>The keys are copied.</remarks>
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
        CheckRootSize(protocol, epochKey);

        Protocol = protocol;
        Role = role;
        Id = id;
        Evolution = evolution;
        Epoch = epoch;
        _keys = new SecretBytes(identityKey, epochKey);
    }

    /// <summary>Gets the protocol that the key serves.</summary>
    public ChannelProtocol Protocol { get; }

    /// <summary>Gets the role that the key serves.</summary>
    public ChannelRole Role { get; }

    /// <summary>Gets the client's id, 1 to 255 bytes.</summary>
    public ClientId Id { get; }

    /// <summary>Gets whether the root key moves forward with every session.</summary>
    public KeyEvolution Evolution { get; }

    /// <summary>Gets the epoch of <see cref="EpochKey"/>.</summary>
    public long Epoch { get; private set; }

    /// <summary>Gets the serial number of the key.</summary>
    /// <remarks>
    /// A store assigns a new one to every key, so that a replaced key is never taken for the new one.
    /// </remarks>
    public long Serial { get; init; }

    /// <summary>Gets the cipher suites that the identity may use; empty for no restriction.</summary>
    public IReadOnlyList<CipherSuiteId> Suites { get; init; } = [];

    /// <summary>
    /// Gets the time at which the key last moved forward; null if it never did, or if the store does not record it.
    /// </summary>
    public DateTimeOffset? LastSeen { get; init; }

    /// <summary>Gets the new key of the identity that the client has not used yet; null if there is none.</summary>
    /// <remarks>Disposed with this object.</remarks>
    public StoredKey? Successor { get; init; }

    /// <summary>Gets the key that authenticates handshake messages and protects no data.</summary>
    /// <remarks>A secret: copy it only into a store.</remarks>
    [DebuggerBrowsable(DebuggerBrowsableState.Never)]
    public ReadOnlySpan<byte> IdentityKey => _keys[0];

    /// <summary>Gets the root key of <see cref="Epoch"/>.</summary>
    /// <remarks>A secret: copy it only into a store.</remarks>
    [DebuggerBrowsable(DebuggerBrowsableState.Never)]
    public ReadOnlySpan<byte> EpochKey => _keys[1];

    /// <summary>Erases the keys.</summary>
    public void Dispose()
    {
        _keys.Dispose();
        Successor?.Dispose();
    }

    /// <summary>Returns the id, protocol, role and epoch as text, never a key.</summary>
    public override string ToString() => $"{Id} ({Protocol}, {Role}, epoch {Epoch})";

    internal StoredKey Copy() =>
        new(Protocol, Role, Id, Evolution, IdentityKey, Epoch, EpochKey)
        {
            Serial = Serial,
            Suites = Suites,
            LastSeen = LastSeen,
            Successor = Successor?.Copy(),
        };

    /// <summary>Moves this key to another epoch: the root key is overwritten by that of the epoch.</summary>
    internal void MoveTo(long epoch, ReadOnlySpan<byte> epochKey)
    {
        CheckRootSize(Protocol, epochKey);
        epochKey.CopyTo(_keys[1]);
        Epoch = epoch;
    }

    /// <summary>Returns this key or its successor, whichever has the serial; null if neither has.</summary>
    internal StoredKey? OfSerial(long serial) => serial == Serial ? this : Successor?.OfSerial(serial);

    internal bool Allows(CipherSuiteId suite) => Suites.Count == 0 || Suites.Contains(suite);

    private static void CheckRootSize(ChannelProtocol protocol, ReadOnlySpan<byte> epochKey)
    {
        int size = KeyShape.Of(protocol).RootSize;
        if (epochKey.Length != size)
            throw new ArgumentException($"A root key of {protocol} is {size} bytes long.", nameof(epochKey));
    }
}
