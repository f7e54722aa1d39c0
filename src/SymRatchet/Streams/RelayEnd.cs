using System.Net.Security;
using System.Net.Sockets;

namespace SymRatchet.Streams;

/// <summary>One side of a relay: how an orderly end and an error are passed on to it.</summary>
internal class RelayEnd(Stream stream)
{
    internal Stream Stream { get; } = stream;

    internal static RelayEnd Of(Stream stream) =>
        stream switch
        {
            SecureChannelStream secured => new OfChannel(secured),
            NetworkStream network => new OfSocket(network),
            _ => new RelayEnd(stream),
        };

    /// <summary>Throws if the stream did not end in order; called after a read that returned 0.</summary>
    internal virtual void ThrowIfTruncated() { }

    internal virtual ValueTask CompleteWritesAsync(CancellationToken cancellationToken) =>
        Stream is SslStream tls ? new ValueTask(tls.ShutdownAsync()) : default;

    internal virtual ValueTask CloseAsync() => Stream.DisposeAsync();

    // On the pool, since a stream may block in its disposal.
    internal virtual void Abort() => _ = Task.Run(Stream.Dispose);

    private sealed class OfChannel(SecureChannelStream stream) : RelayEnd(stream)
    {
        internal override ValueTask CompleteWritesAsync(CancellationToken cancellationToken) =>
            stream.CompleteWritesAsync(cancellationToken);

        internal override void Abort() => stream.Abort();
    }

    private sealed class OfSocket : RelayEnd
    {
        private readonly Socket _socket;
        private readonly ResetDetector _end;

        internal OfSocket(NetworkStream stream)
            : base(stream)
        {
            _socket = stream.Socket;
            _end = new ResetDetector(_socket);
            // The sender has batched its writes already; Nagle's algorithm would only add delay.
            if (_socket.ProtocolType == ProtocolType.Tcp)
                Set(() => _socket.NoDelay = true);
            // Until both sides have ended in order, any end resets the connection, that of this process included.
            Linger(enable: true);
        }

        internal override void ThrowIfTruncated() => _end.ThrowIfReset();

        internal override ValueTask CompleteWritesAsync(CancellationToken cancellationToken)
        {
            _end.Shutdown();
            return default;
        }

        internal override ValueTask CloseAsync()
        {
            Linger(enable: false);
            _socket.Dispose();
            return base.CloseAsync();
        }

        internal override void Abort() => _socket.Dispose();

        private void Linger(bool enable) => Set(() => _socket.LingerState = new LingerOption(enable, seconds: 0));

        private static void Set(Action option)
        {
            try
            {
                option();
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // The socket is closed already, or has no such option.
            }
        }
    }
}
