using System.Buffers.Binary;

namespace SymRatchet;

/// <summary>
/// Where a store keeps a key. A wrapped key is bound to its place, so nobody who can write to the store can give one
/// identity the key of another, or put an old one in the place of a new one. Immutable.
/// </summary>
public sealed class KeyWrapContext
{
    /// <summary>Names a place.</summary>
    /// <param name="role">The role that the store serves.</param>
    /// <param name="id">The client's id.</param>
    /// <param name="serial">The serial of the key.</param>
    /// <param name="epoch">The epoch of a root key; null for the key that never changes.</param>
    public KeyWrapContext(ChannelRole role, ClientId id, long serial, long? epoch)
    {
        Role = role;
        Id = id;
        Serial = serial;
        Epoch = epoch;
    }

    /// <summary>The role that the store serves.</summary>
    public ChannelRole Role { get; }

    /// <summary>The client's id.</summary>
    public ClientId Id { get; }

    /// <summary>The serial of the key.</summary>
    public long Serial { get; }

    /// <summary>The epoch of a root key; null for the key that never changes.</summary>
    public long? Epoch { get; }

    /// <summary>The place as bytes, different for any two places: what a wrapper authenticates with the key.</summary>
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
