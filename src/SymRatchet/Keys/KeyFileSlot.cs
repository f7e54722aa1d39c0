using System.Buffers.Binary;
using System.Security.Cryptography;
using SymRatchet.Crypto;
using SymRatchet.Session;

namespace SymRatchet.Keys;

/// <summary>
/// One state of a key file in its serialised form: the record of the identity, its keys, and a checksum that detects a
/// partial write. Times are in milliseconds since 1970.
/// </summary>
internal sealed class KeyFileSlot : IDisposable
{
    /// <summary>The size of a disk sector, which most disks write atomically.</summary>
    internal const int Size = 512;

    private const byte ThisVersion = 1;
    private const int KeySize = PreSharedKey.Size;
    private const int ChecksumAt = Size - SHA256.HashSizeInBytes;

    // The offsets of the fields. Bytes between the id and the checksum are zero.
    private const int VersionAt = 0;
    private const int RoleAt = 1;
    private const int ProtocolAt = 2;
    private const int EvolutionAt = 3;
    private const int StateAt = 4;
    private const int IdLengthAt = 5;
    private const int SequenceAt = 8;
    private const int SuitesAt = 16;
    private const int SerialAt = 24;
    private const int LastSerialAt = 32;
    private const int EpochAt = 40;
    private const int NextSerialAt = 48;
    private const int AddedAt = 56;
    private const int LastSeenAt = 64;
    private const int RevokedAt = 72;
    private const int KeysAt = 80;
    private const int NextKeysAt = KeysAt + (2 * KeySize);
    private const int IdAt = NextKeysAt + (2 * KeySize);

    private const long Never = long.MinValue;

    private readonly SecretBytes _bytes = new(Size);

    private enum SlotState : byte
    {
        Empty,
        Present,
        Revoked,
    }

    internal Span<byte> Bytes => _bytes.Span;

    internal long Sequence
    {
        get => Number(SequenceAt);
        private set => SetNumber(SequenceAt, value);
    }

    internal ChannelRole Role => (ChannelRole)Bytes[RoleAt];

    internal bool IsEmpty => State == SlotState.Empty;

    internal bool HasKey => State == SlotState.Present;

    internal ClientId Id => new(IdBytes);

    private ReadOnlySpan<byte> IdBytes => Bytes.Slice(IdAt, Bytes[IdLengthAt]);

    internal long Epoch => Number(EpochAt);

    /// <summary>Whether the checksum matches, so that the slot was written completely.</summary>
    internal bool IsWhole
    {
        get
        {
            Span<byte> checksum = stackalloc byte[SHA256.HashSizeInBytes];
            SHA256.HashData(Bytes[..ChecksumAt], checksum);
            return CryptographicOperations.FixedTimeEquals(checksum, Bytes[ChecksumAt..]);
        }
    }

    /// <summary>
    /// Whether this version of the library understands every field: a restriction to an unknown suite must not be
    /// dropped.
    /// </summary>
    internal bool IsOfThisVersion => Bytes[VersionAt] == ThisVersion && SuiteSet.ToBits(Suites) == Number(SuitesAt);

    /// <summary>
    /// The name of a field that is out of range; null if there is none. The checksum is not keyed, so a complete slot
    /// may still contain anything.
    /// </summary>
    internal string? InvalidField =>
        Sequence is < 1 or long.MaxValue ? "sequence"
        : Number(LastSerialAt) is < 0 or long.MaxValue ? "last serial"
        : !Enum.IsDefined(State) ? "state"
        : IsEmpty ? null
        : !Enum.IsDefined((ChannelProtocol)Bytes[ProtocolAt]) ? "protocol"
        : !Enum.IsDefined((KeyEvolution)Bytes[EvolutionAt]) ? "evolution"
        : IdBytes.IsEmpty ? "id"
        : Number(SerialAt) < 1 || Number(SerialAt) > Number(LastSerialAt) ? "serial"
        : Number(NextSerialAt) < 0 || Number(NextSerialAt) > Number(LastSerialAt) ? "next serial"
        : Epoch < 0 ? "epoch"
        : Number(AddedAt) == Never || !IsTime(AddedAt) ? "time of adding"
        : !IsTime(LastSeenAt) ? "time of the last use"
        : !IsTime(RevokedAt) ? "time of revocation"
        : null;

    internal IReadOnlyList<CipherSuiteId> Suites
    {
        get => SuiteSet.FromBits(Number(SuitesAt));
        set => SetNumber(SuitesAt, SuiteSet.ToBits(value));
    }

    private SlotState State
    {
        get => (SlotState)Bytes[StateAt];
        set => Bytes[StateAt] = (byte)value;
    }

    private bool IsRotating => Number(NextSerialAt) != 0;

    private int EpochKeySize => KeyShape.Of((ChannelProtocol)Bytes[ProtocolAt]).RootSize;

    /// <summary>The state of a file that holds no identity.</summary>
    internal static KeyFileSlot Empty(ChannelRole role)
    {
        KeyFileSlot slot = new();
        slot.Bytes[VersionAt] = ThisVersion;
        slot.Bytes[RoleAt] = (byte)role;
        return slot;
    }

    internal KeyFileSlot Copy()
    {
        KeyFileSlot copy = new();
        Bytes.CopyTo(copy.Bytes);
        return copy;
    }

    /// <summary>Sets the sequence number and the checksum; the slot must not change afterwards.</summary>
    internal void Seal(long sequence)
    {
        Sequence = sequence;
        SHA256.HashData(Bytes[..ChecksumAt], Bytes[ChecksumAt..]);
    }

    internal bool IsOf(ClientId id) => !IsEmpty && CryptographicOperations.FixedTimeEquals(IdBytes, id.Bytes);

    /// <summary>
    /// Whether the slot holds this key: the identity key is bound to the id, the server name and the PSK.
    /// </summary>
    internal bool Holds(StoredKey key) =>
        Bytes[EvolutionAt] == (byte)key.Evolution
        && CryptographicOperations.FixedTimeEquals(Bytes.Slice(KeysAt, KeySize), key.IdentityKey);

    internal void Add(StoredKey key, DateTimeOffset now)
    {
        Bytes[ProtocolAt] = (byte)key.Protocol;
        Bytes[EvolutionAt] = (byte)key.Evolution;
        Bytes[IdLengthAt] = (byte)key.Id.Length;
        key.Id.Bytes.CopyTo(Bytes[IdAt..]);
        Suites = key.Suites;
        SetTime(AddedAt, now);
        SetTime(LastSeenAt, key.LastSeen);
        SetTime(RevokedAt, null);
        Replace(key);
    }

    /// <summary>Replaces the key.</summary>
    internal void Replace(StoredKey key)
    {
        EraseSuccessor();
        SetKeys(KeysAt, key.IdentityKey, key.EpochKey);
        SetNumber(EpochAt, key.Epoch);
        SetNumber(SerialAt, NewSerial());
        SetTime(RevokedAt, null);
        State = SlotState.Present;
    }

    /// <summary>Sets the successor of the key.</summary>
    internal void SetSuccessor(StoredKey key)
    {
        SetKeys(NextKeysAt, key.IdentityKey, key.EpochKey);
        SetNumber(NextSerialAt, NewSerial());
    }

    /// <summary>Moves the key forward, or replaces it by its successor.</summary>
    /// <returns>False if nothing changes because the epoch is not higher.</returns>
    /// <exception cref="KeyNotFoundException">Neither has the serial.</exception>
    internal bool Advance(long serial, long epoch, ReadOnlySpan<byte> epochKey, DateTimeOffset now)
    {
        bool isSuccessor = IsRotating && serial == Number(NextSerialAt);
        if (!HasKey || (serial != Number(SerialAt) && !isSuccessor))
            throw KeyStoreErrors.KeyNotFound(Id);
        if (!isSuccessor && epoch <= Epoch)
            return false;
        ArgumentOutOfRangeException.ThrowIfNegative(epoch);
        if (epochKey.Length != EpochKeySize)
            throw new ArgumentException($"A root key is {EpochKeySize} bytes long.", nameof(epochKey));

        if (isSuccessor)
        {
            Bytes.Slice(NextKeysAt, KeySize).CopyTo(Bytes[KeysAt..]);
            SetNumber(SerialAt, serial);
            EraseSuccessor();
        }

        epochKey.CopyTo(Bytes[(KeysAt + KeySize)..]);
        SetNumber(EpochAt, epoch);
        SetTime(LastSeenAt, now);
        return true;
    }

    /// <summary>Erases the keys and keeps the record.</summary>
    internal void Revoke(DateTimeOffset now)
    {
        EraseSuccessor();
        Bytes.Slice(KeysAt, 2 * KeySize).Clear();
        SetTime(RevokedAt, now);
        State = SlotState.Revoked;
    }

    /// <summary>Returns a copy of the key, which the caller owns.</summary>
    internal StoredKey ReadKey() =>
        ReadKey(SerialAt, Epoch, KeysAt, IsRotating ? ReadKey(NextSerialAt, 0, NextKeysAt, null) : null);

    internal KeyRecord Describe() =>
        new()
        {
            Id = Id,
            Protocol = (ChannelProtocol)Bytes[ProtocolAt],
            Evolution = (KeyEvolution)Bytes[EvolutionAt],
            Suites = Suites,
            Epoch = Epoch,
            Added = Time(AddedAt)!.Value,
            LastSeen = Time(LastSeenAt),
            Revoked = Time(RevokedAt),
            IsRotating = IsRotating,
        };

    public void Dispose() => _bytes.Dispose();

    private StoredKey ReadKey(int serialAt, long epoch, int keysAt, StoredKey? successor)
    {
        var protocol = (ChannelProtocol)Bytes[ProtocolAt];
        int identitySize = KeyShape.Of(protocol).IdentitySize;
        return new StoredKey(
            protocol,
            Role,
            Id,
            (KeyEvolution)Bytes[EvolutionAt],
            Bytes.Slice(keysAt, identitySize),
            epoch,
            Bytes.Slice(keysAt + KeySize, EpochKeySize)
        )
        {
            Serial = Number(serialAt),
            Suites = Suites,
            LastSeen = Time(LastSeenAt),
            Successor = successor,
        };
    }

    private void SetKeys(int at, ReadOnlySpan<byte> identityKey, ReadOnlySpan<byte> epochKey)
    {
        Bytes.Slice(at, 2 * KeySize).Clear(); // a protocol may have shorter keys, or only one
        identityKey.CopyTo(Bytes[at..]);
        epochKey.CopyTo(Bytes[(at + KeySize)..]);
    }

    private void EraseSuccessor()
    {
        Bytes.Slice(NextKeysAt, 2 * KeySize).Clear();
        SetNumber(NextSerialAt, 0);
    }

    private long NewSerial()
    {
        SetNumber(LastSerialAt, Number(LastSerialAt) + 1);
        return Number(LastSerialAt);
    }

    private long Number(int at) => BinaryPrimitives.ReadInt64LittleEndian(Bytes[at..]);

    private void SetNumber(int at, long value) => BinaryPrimitives.WriteInt64LittleEndian(Bytes[at..], value);

    private bool IsTime(int at) =>
        Number(at) == Never
        || (
            Number(at) >= DateTimeOffset.MinValue.ToUnixTimeMilliseconds()
            && Number(at) <= DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()
        );

    private DateTimeOffset? Time(int at) =>
        Number(at) is var milliseconds and not Never ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds) : null;

    private void SetTime(int at, DateTimeOffset? time) => SetNumber(at, time?.ToUnixTimeMilliseconds() ?? Never);
}
