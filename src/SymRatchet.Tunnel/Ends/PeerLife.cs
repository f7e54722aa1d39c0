using System.Buffers.Binary;
using System.Net.Sockets;

namespace SymRatchet.Tunnel.Ends;

/// <summary>
/// Asks Linux whether the machine at the other end of a TCP connection still answers. While data waits to be
/// acknowledged, the keep-alive of TCP does not run, and the system gives up only after a quarter of an hour. Its option
/// TCP_USER_TIMEOUT would also end connections whose reader pauses, and those are to be kept.
/// </summary>
internal static class PeerLife
{
    private const int LevelTcp = 6;
    private const int TcpInfo = 11;
    private const int Retransmits = 2; // offsets in struct tcp_info
    private const int Probes = 3;
    private const int LastDataReceived = 52;
    private const int LastAckReceived = 56;
    private const int InfoSize = 60;
    private const uint VanishedMilliseconds = 25_000;

    internal static bool HasVanished(Socket socket)
    {
        if (!OperatingSystem.IsLinux() || socket.AddressFamily == AddressFamily.Unix)
            return false;
        Span<byte> info = stackalloc byte[InfoSize];
        try
        {
            return socket.GetRawSocketOption(LevelTcp, TcpInfo, info) == InfoSize && HasVanished(info);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return false; // closed already
        }
    }

    // A reader that pauses answers every probe, so none is outstanding.
    private static bool HasVanished(ReadOnlySpan<byte> info) =>
        (info[Retransmits] > 0 || info[Probes] > 0)
        && Math.Min(Read(info, LastDataReceived), Read(info, LastAckReceived)) > VanishedMilliseconds;

    private static uint Read(ReadOnlySpan<byte> info, int offset) =>
        BitConverter.IsLittleEndian
            ? BinaryPrimitives.ReadUInt32LittleEndian(info[offset..])
            : BinaryPrimitives.ReadUInt32BigEndian(info[offset..]);
}
