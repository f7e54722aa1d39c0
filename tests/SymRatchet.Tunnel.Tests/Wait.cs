using System.Net.Sockets;

namespace SymRatchet.Tunnel.Tests;

/// <summary>What tests wait for, with a limit.</summary>
internal static class Wait
{
    internal static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    internal static async Task UntilAsync(Func<bool> condition)
    {
        using CancellationTokenSource limit = new(Limit);
        while (!condition())
            await Task.Delay(10, limit.Token);
    }

    /// <summary>Reads to the end; null if it is an error and not an orderly end.</summary>
    internal static async Task<byte[]?> ReadToEndAsync(this Socket socket)
    {
        using MemoryStream all = new();
        byte[] buffer = new byte[64 * 1024];
        try
        {
            while (await socket.ReceiveAsync(buffer).WaitAsync(Limit) is > 0 and int length)
                all.Write(buffer, 0, length);
            return all.ToArray();
        }
        catch (SocketException)
        {
            return null;
        }
    }

    internal static async Task SendAllAsync(this Socket socket, ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty)
            bytes = bytes[await socket.SendAsync(bytes).AsTask().WaitAsync(Limit)..];
    }

    internal static async Task<byte[]> ReadAsync(this Socket socket, int count)
    {
        byte[] buffer = new byte[count];
        for (int read = 0; read < count; )
        {
            int length = await socket.ReceiveAsync(buffer.AsMemory(read)).AsTask().WaitAsync(Limit);
            Assert.NotEqual(0, length);
            read += length;
        }

        return buffer;
    }

    /// <summary>Closes a connection by a reset.</summary>
    internal static void Reset(this Socket socket)
    {
        socket.LingerState = new LingerOption(true, 0);
        socket.Dispose();
    }
}
