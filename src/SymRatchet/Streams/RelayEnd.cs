using System.Net.Security;
using System.Net.Sockets;

namespace SymRatchet.Streams;

/// <summary>One side of a relay: how it tells that all was said, and that it was not.</summary>
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

    /// <summary>Asked after a read that got 0.</summary>
    internal virtual void ThrowIfCut() { }

    internal virtual ValueTask CompleteWritesAsync(CancellationToken cancellationToken) =>
        Stream is SslStream tls ? new ValueTask(tls.ShutdownAsync()) : default;

    internal virtual ValueTask CloseAsync() => Stream.DisposeAsync();

    // On the pool: a stream may block where it is disposed.
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
        private readonly PlainEnd _end;

        internal OfSocket(NetworkStream stream)
            : base(stream)
        {
            _socket = stream.Socket;
            _end = new PlainEnd(_socket);
            // What arrives has been gathered by its sender already; a second wait for more only adds its delay.
            if (_socket.ProtocolType == ProtocolType.Tcp)
                Set(() => _socket.NoDelay = true);
            // Until both sides have ended in order, whatever ends the socket resets it, the death of this process too.
            Linger(enable: true);
        }

        internal override void ThrowIfCut() => _end.ThrowIfReset();

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
                // It is gone already, or of a kind that knows no reset.
            }
        }
    }
}
