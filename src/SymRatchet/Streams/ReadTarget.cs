using System.Buffers;
using System.Security.Cryptography;

namespace SymRatchet.Streams;

/// <summary>
/// Receives one message: into the reader's own buffer if that is large enough, otherwise into a rented one that later
/// reads drain. No buffer is rented while nothing remains.
/// </summary>
internal sealed class ReadTarget(ArrayPool<byte> pool) : IBufferWriter<byte>, IDisposable
{
    private Memory<byte> _direct;
    private byte[]? _rented;
    private int _start;
    private int _end;
    private int _written;

    internal bool HasRest => _start < _end;

    /// <summary>The bytes in the rented buffer that were not read yet; valid until the next receive.</summary>
    internal ReadOnlyMemory<byte> Rest => _rented.AsMemory(_start, _end - _start);

    /// <summary>Sets the reader's buffer for the next message.</summary>
    internal void SetDestination(Memory<byte> direct)
    {
        _direct = direct;
        _written = 0;
    }

    /// <summary>
    /// Returns the length of the message in the reader's buffer; 0 if it is in the rented one, or is empty.
    /// </summary>
    internal int TakeDirect()
    {
        int direct = _rented is null ? _written : 0;
        _direct = default;
        if (_rented is not null && !HasRest)
            ReturnBuffer();
        return direct;
    }

    internal int TakeRest(Span<byte> buffer)
    {
        int length = Math.Min(buffer.Length, _end - _start);
        _rented.AsSpan(_start, length).CopyTo(buffer);
        _start += length;
        if (!HasRest)
            ReturnBuffer();
        return length;
    }

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        if (sizeHint <= _direct.Length && _rented is null)
            return _direct;
        if (_rented is not null && _rented.Length < sizeHint)
            ReturnBuffer();
        return _rented ??= pool.Rent(sizeHint);
    }

    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public void Advance(int count)
    {
        _written = count;
        if (_rented is not null)
            _end = count;
    }

    public void Dispose()
    {
        if (_rented is not null)
            ReturnBuffer();
    }

    // The buffer held plaintext, so it is zeroed.
    private void ReturnBuffer()
    {
        CryptographicOperations.ZeroMemory(_rented);
        pool.Return(_rented!);
        _rented = null;
        _start = _end = 0;
    }
}
