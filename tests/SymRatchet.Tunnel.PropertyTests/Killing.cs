using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace SymRatchet.Tunnel.PropertyTests;

/// <summary>
/// What the system does to the sockets of a killed process: it closes them as they are. The descriptors stay taken, so
/// that they close nothing else when this process closes them again.
/// </summary>
internal static partial class Killing
{
    internal static void Kill(TunnelConnection connection)
    {
        using FileStream nothing = new("/dev/null", FileMode.Open, FileAccess.ReadWrite);
        foreach (Socket socket in connection.Sockets)
        {
            bool isHeld = false;
            try
            {
                socket.SafeHandle.DangerousAddRef(ref isHeld);
                Assert.NotEqual(
                    -1,
                    Duplicate(
                        (int)nothing.SafeFileHandle.DangerousGetHandle(),
                        (int)socket.SafeHandle.DangerousGetHandle()
                    )
                );
            }
            catch (ObjectDisposedException)
            {
                // The tunnel has closed it already.
            }
            finally
            {
                if (isHeld)
                    socket.SafeHandle.DangerousRelease();
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "dup2")]
    private static partial int Duplicate(int from, int to);
}
