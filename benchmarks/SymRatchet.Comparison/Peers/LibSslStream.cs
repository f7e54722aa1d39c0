using System.Net.Sockets;

namespace SymRatchet.Comparison.Peers;

/// <summary>
/// TLS of OpenSSL's library over a blocking socket, as its own programs use it: each call is done when it returns.
/// </summary>
internal sealed unsafe class LibSslStream : Stream
{
    private readonly Socket _socket;
    private readonly nint _ssl;
    private bool _isDisposed;

    /// <summary>Does the handshake.</summary>
    /// <param name="context">The settings.</param>
    /// <param name="socket">A socket on which nothing asynchronous was done, which would make it non-blocking.</param>
    /// <param name="isServer">Which end it is.</param>
    internal LibSslStream(nint context, Socket socket, bool isServer)
    {
        _socket = socket;
        _ssl = LibSsl.New(context);
        _ = LibSsl.SetSocket(_ssl, (int)socket.Handle);
        if ((isServer ? LibSsl.Accept(_ssl) : LibSsl.Connect(_ssl)) == 1)
            return;
        Dispose();
        throw new IOException("The handshake of OpenSSL failed.");
    }

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(Span<byte> buffer)
    {
        fixed (byte* start = buffer)
            return Math.Max(0, LibSsl.Read(_ssl, start, buffer.Length));
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        fixed (byte* start = buffer)
        {
            if (LibSsl.Write(_ssl, start, buffer.Length) != buffer.Length)
                throw new IOException("The peer hung up in the middle of a measurement.");
        }
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        new(Read(buffer.Span));

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Write(buffer.Span);
        return default;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush() { }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (_isDisposed)
            return;
        _isDisposed = true;
        _ = LibSsl.Shutdown(_ssl);
        LibSsl.Free(_ssl);
        _socket.Dispose();
    }
}
