using System.Buffers;
using System.Security.Cryptography;

namespace SymRatchet.Adapters;

/// <summary>One message at a time in a rented buffer, which goes back as zeros: it held plaintext.</summary>
internal sealed class ReceiveBuffer : IBufferWriter<byte>, IDisposable
{
    private byte[]? _rented;
    private int _length;

    internal ReadOnlyMemory<byte> Message => _rented.AsMemory(0, _length);

    internal void Reset() => _length = 0;

    public void Advance(int count) => _length = count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        if (_rented is null || _rented.Length < sizeHint)
        {
            GiveBack();
            _rented = ArrayPool<byte>.Shared.Rent(Math.Max(1, sizeHint));
        }

        return _rented;
    }

    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public void Dispose() => GiveBack();

    private void GiveBack()
    {
        if (_rented is not { } rented)
            return;
        _rented = null;
        _length = 0;
        CryptographicOperations.ZeroMemory(rented);
        ArrayPool<byte>.Shared.Return(rented);
    }
}
