using System.Buffers.Binary;
using System.Net;

namespace SymRatchet.Channel;

/// <summary>
/// The unit in which addresses are counted: one IPv4 address (mapped into IPv6 or not), or one IPv6 /64 network, since
/// its holder can use every address in it.
/// </summary>
internal readonly record struct AddressBlock(ulong Network, bool IsIPv4)
{
    internal static AddressBlock? Of(IPAddress? address)
    {
        if (address is null)
            return null;
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out int length);
        return length == sizeof(uint) ? new AddressBlock(BinaryPrimitives.ReadUInt32BigEndian(bytes), IsIPv4: true)
            : address.IsIPv4MappedToIPv6
                ? new AddressBlock(BinaryPrimitives.ReadUInt32BigEndian(bytes[12..]), IsIPv4: true)
            : new AddressBlock(BinaryPrimitives.ReadUInt64BigEndian(bytes), IsIPv4: false);
    }
}
