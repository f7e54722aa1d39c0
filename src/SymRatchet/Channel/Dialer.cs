using System.Net;
using System.Net.Sockets;

namespace SymRatchet.Channel;

/// <summary>Creates and connects sockets.</summary>
internal static class Dialer
{
    /// <summary>
    /// Connects a socket. Failures are reported as <see cref="SecureChannelException"/>, as in the handshake that
    /// follows.
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
            // Inside the try: without free handles this fails, and may succeed later.
            socket = CreateSocket(remote.AddressFamily);
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

    /// <summary>Creates a stream socket; dual-stack if the address family is unspecified, as for a name.</summary>
    internal static Socket CreateSocket(AddressFamily family) =>
        family switch
        {
            AddressFamily.Unix => new Socket(family, SocketType.Stream, ProtocolType.Unspecified),
            AddressFamily.Unspecified => new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true },
            _ => new Socket(family, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true },
        };
}
