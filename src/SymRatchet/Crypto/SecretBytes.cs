using System.Diagnostics;
using System.Security.Cryptography;

namespace SymRatchet.Crypto;

/// <summary>
/// The one type that holds a secret on the heap: pinned, so that the collector leaves no copies behind, and zeroed when
/// disposed. It shows its length and nothing else.
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

    // The net under a secret whose owner was never disposed.
    ~SecretBytes() => Erase();

    internal int Length => _bytes.Length;

    internal bool IsErased => _erased;

    /// <summary>
    /// The bytes themselves. A secret that was erased is never read again as zeros: that would be a known key.
    /// </summary>
    [DebuggerBrowsable(DebuggerBrowsableState.Never)]
    internal Span<byte> Span
    {
        get
        {
            ObjectDisposedException.ThrowIf(_erased, this);
            return _bytes;
        }
    }

    /// <summary>For stores, whose calls outlive a span.</summary>
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
