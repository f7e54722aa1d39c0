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
    private bool _erased;

    internal SecretBytes(int length) => _bytes = GC.AllocateArray<byte>(length, pinned: true);

    internal SecretBytes(ReadOnlySpan<byte> value)
        : this(value.Length) => value.CopyTo(_bytes);

    // For a secret whose owner was not disposed.
    ~SecretBytes() => Erase();

    internal int Length => _bytes.Length;

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
    }
}
