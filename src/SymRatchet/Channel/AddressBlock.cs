using System.Buffers.Binary;
using System.Net;

namespace SymRatchet.Channel;

/// <summary>
/// The addresses that count as one: an IPv4 address, also where it is mapped into IPv6, or the 64 bits of an IPv6
/// network, within which whoever has one address has all of them.
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
