using System.Buffers;
using System.Security.Cryptography;

namespace SymRatchet.Streams;

/// <summary>
/// Takes one message: straight into the reader's buffer where the channel asks for no more room than it has, else into
/// a rented one that later reads empty. No buffer is held while nothing is left over.
/// </summary>
internal sealed class ReadTarget(ArrayPool<byte> pool) : IBufferWriter<byte>, IDisposable
{
    private Memory<byte> _direct;
    private byte[]? _rented;
    private int _start;
    private int _end;
    private int _written;

    internal bool HasRest => _start < _end;

    /// <summary>
    /// What is left over of the message, or all of one that had nowhere to go; good until the next one is taken.
    /// </summary>
    internal ReadOnlyMemory<byte> Rest => _rented.AsMemory(_start, _end - _start);

    /// <summary>Names the buffer that the next message may go to.</summary>
    internal void Aim(Memory<byte> direct)
    {
        _direct = direct;
        _written = 0;
    }

    /// <summary>
    /// How much of the message went straight into the reader's buffer; 0 where it went to the rented one, or was empty.
    /// </summary>
    internal int TakeDirect()
    {
        int direct = _rented is null ? _written : 0;
        _direct = default;
        if (_rented is not null && !HasRest)
            GiveBack();
        return direct;
    }

    internal int TakeRest(Span<byte> buffer)
    {
        int length = Math.Min(buffer.Length, _end - _start);
        _rented.AsSpan(_start, length).CopyTo(buffer);
        _start += length;
        if (!HasRest)
            GiveBack();
        return length;
    }

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        if (sizeHint <= _direct.Length && _rented is null)
            return _direct;
        if (_rented is not null && _rented.Length < sizeHint)
            GiveBack();
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
            GiveBack();
    }

    // What was the application's plaintext goes back to the shared pool as zeros, and all that opening it left with it.
    private void GiveBack()
    {
        CryptographicOperations.ZeroMemory(_rented);
        pool.Return(_rented!);
        _rented = null;
        _start = _end = 0;
    }
}
