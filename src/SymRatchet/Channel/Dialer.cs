using System.Net;
using System.Net.Sockets;

namespace SymRatchet.Channel;

/// <summary>Connections of the system's sockets.</summary>
internal static class Dialer
{
    /// <summary>
    /// Connects a socket; whatever keeps it from that is the channel's error, as in the handshake that follows.
    /// </summary>
    internal static async ValueTask<Stream> DialAsync(
        EndPoint remote,
        SecureChannelOptions options,
        CancellationToken cancellationToken
    )
    {
        using CancellationTokenSource timeout = new(options.HandshakeTimeout, options.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        Socket? socket = null;
        try
        {
            // Within: a process without handles has no socket now, and one later.
            socket = Make(remote.AddressFamily);
            if (remote is IPEndPoint { Address.IsIPv4MappedToIPv6: true })
                socket.DualMode = true;
            await socket.ConnectAsync(remote, either.Token).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch (Exception e)
        {
            socket?.Dispose();
            throw e switch
            {
                SocketException => SecureChannelException.Of(
                    SecureChannelError.Transport,
                    $"connecting: {e.Message}",
                    e
                ),
                OperationCanceledException when !cancellationToken.IsCancellationRequested => SecureChannelException.Of(
                    SecureChannelError.Timeout,
                    $"connecting, limit {options.HandshakeTimeout.TotalSeconds:0.#} s",
                    e
                ),
                _ => e,
            };
        }
    }

    /// <summary>A stream socket of a family; one for both IP versions where a name does not tell which.</summary>
    internal static Socket Make(AddressFamily family) =>
        family switch
        {
            AddressFamily.Unix => new Socket(family, SocketType.Stream, ProtocolType.Unspecified),
            AddressFamily.Unspecified => new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true },
            _ => new Socket(family, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true },
        };
}
