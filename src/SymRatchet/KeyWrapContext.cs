using System.Buffers.Binary;

namespace SymRatchet;

/// <summary>Identifies a key in a store.</summary>
/// <remarks>
/// A wrapped key is bound to its context, so that an attacker with write access to the store cannot exchange the keys
/// of two identities or replace a key by an older one. Immutable.
/// </remarks>
public sealed class KeyWrapContext
{
    /// <summary>Initializes a new instance of the <see cref="KeyWrapContext"/> class.</summary>
    /// <param name="role">The role of the store.</param>
    /// <param name="id">The id of the client.</param>
    /// <param name="serial">The <see cref="StoredKey.Serial"/> of the key.</param>
    /// <param name="epoch">The epoch of a root key; null for the identity key.</param>
    public KeyWrapContext(ChannelRole role, ClientId id, long serial, long? epoch)
    {
        Role = role;
        Id = id;
        Serial = serial;
        Epoch = epoch;
    }

    /// <summary>Gets the role of the store.</summary>
    public ChannelRole Role { get; }

    /// <summary>Gets the client's id.</summary>
    public ClientId Id { get; }

    /// <summary>Gets the <see cref="StoredKey.Serial"/> of the key.</summary>
    public long Serial { get; }

    /// <summary>Gets the epoch of a root key; null for the identity key.</summary>
    public long? Epoch { get; }

    /// <summary>Returns an unambiguous encoding of the context, which a wrapper authenticates with the key.</summary>
    public byte[] ToBytes()
    {
        byte[] bytes = new byte[(2 * sizeof(byte)) + (2 * sizeof(long)) + Id.Length];
        bytes[0] = (byte)Role;
        bytes[1] = Epoch is null ? (byte)0 : (byte)1;
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(2), Serial);
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(2 + sizeof(long)), Epoch ?? 0);
        Id.Bytes.CopyTo(bytes.AsSpan(2 + (2 * sizeof(long))));
        return bytes;
    }
}
