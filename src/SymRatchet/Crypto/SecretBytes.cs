using System.Diagnostics;
using System.Security.Cryptography;

namespace SymRatchet.Crypto;

/// <summary>
/// The only type that holds a secret on the heap: pinned, so that the garbage collector leaves no copies, and zeroed
/// when disposed. It never shows its content.
/// </summary>
[DebuggerDisplay("secret of {Length} bytes")]
internal sealed class SecretBytes : IDisposable
{
    [DebuggerBrowsable(DebuggerBrowsableState.Never)]
    private readonly byte[] _bytes;

    [DebuggerBrowsable(DebuggerBrowsableState.Never)]
    private readonly byte[][] _others = [];

    [DebuggerBrowsable(DebuggerBrowsableState.Never)]
    private bool _erased;

    internal SecretBytes(int length) => _bytes = Allocate(length);

    internal SecretBytes(ReadOnlySpan<byte> value)
        : this(value.Length) => value.CopyTo(_bytes);

    /// <summary>
    /// Several secrets that are erased together. Each has an array of its own, because most secrets are of one size:
    /// the collector keeps the gaps between pinned arrays in one list, which it searches from the beginning, under a
    /// lock, for one that is large enough. Where larger arrays come and go among a hundred thousand that stay, each
    /// search takes longer than a handshake; among arrays of one size the first gap fits.
    /// </summary>
    internal SecretBytes(int length, int count)
        : this(length)
    {
        _others = new byte[count - 1][];
        for (int i = 0; i < _others.Length; i++)
            _others[i] = Allocate(length);
    }

    /// <summary>Two secrets that are erased together.</summary>
    internal SecretBytes(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
        : this(first)
    {
        _others = [Allocate(second.Length)];
        second.CopyTo(_others[0]);
    }

    // For a secret whose owner was not disposed.
    ~SecretBytes() => Erase();

    internal int Length => _bytes.Length;

    /// <summary>How many secrets it holds, most often one.</summary>
    internal int Count => 1 + _others.Length;

    internal bool IsErased => _erased;

    /// <summary>The secret. Throws after it was erased, since zeros would be a known key.</summary>
    [DebuggerBrowsable(DebuggerBrowsableState.Never)]
    internal Span<byte> Span
    {
        get
        {
            ObjectDisposedException.ThrowIf(_erased, this);
            return _bytes;
        }
    }

    /// <summary>One of several secrets, by its number. Throws as <see cref="Span"/> does.</summary>
    internal Span<byte> this[int number]
    {
        get
        {
            ObjectDisposedException.ThrowIf(_erased, this);
            return number == 0 ? _bytes : _others[number - 1];
        }
    }

    /// <summary>The secret for asynchronous calls of a store.</summary>
    [DebuggerBrowsable(DebuggerBrowsableState.Never)]
    internal ReadOnlyMemory<byte> Memory
    {
        get
        {
            ObjectDisposedException.ThrowIf(_erased, this);
            return _bytes;
        }
    }

    public void Dispose()
    {
        Erase();
        GC.SuppressFinalize(this);
    }

    public override string ToString() => nameof(SecretBytes);

    private void Erase()
    {
        _erased = true;
        CryptographicOperations.ZeroMemory(_bytes);
        foreach (byte[] other in _others)
            CryptographicOperations.ZeroMemory(other);
    }

    private static byte[] Allocate(int length) => length == 0 ? [] : GC.AllocateArray<byte>(length, pinned: true);
}
