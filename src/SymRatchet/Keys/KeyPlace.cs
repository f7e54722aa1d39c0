using System.Buffers.Binary;

namespace SymRatchet;

/// <summary>
/// Where a store keeps a key. A wrapped key is bound to its place, so nobody who can write to the store can give one identity the key
/// of another, or put an old one in the place of a new one. Immutable.
/// </summary>
/// <param name="Role">The role that the store serves.</param>
/// <param name="Id">The client's id.</param>
/// <param name="Serial">The serial of the key.</param>
/// <param name="Epoch">The epoch of a root key; null for the key that never changes.</param>
public readonly record struct KeyPlace(ChannelRole Role, ReadOnlyMemory<byte> Id, long Serial, long? Epoch)
{
    /// <summary>The place as bytes, different for any two places.</summary>
    public byte[] ToBytes()
    {
        byte[] bytes = new byte[(2 * sizeof(byte)) + (2 * sizeof(long)) + Id.Length];
        bytes[0] = (byte)Role;
        bytes[1] = Epoch is null ? (byte)0 : (byte)1;
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(2), Serial);
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(2 + sizeof(long)), Epoch ?? 0);
        Id.Span.CopyTo(bytes.AsSpan(2 + (2 * sizeof(long))));
        return bytes;
    }
}
