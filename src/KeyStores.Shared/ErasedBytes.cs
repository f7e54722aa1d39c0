using System.Security.Cryptography;

namespace SymRatchet.KeyStores;

/// <summary>Bytes that may be a key, which their last user erases.</summary>
internal sealed class ErasedBytes(byte[] value) : IDisposable
{
    internal byte[] Value => value;

    /// <summary>A copy, pinned so that the collector leaves no others.</summary>
    internal static ErasedBytes CopyOf(ReadOnlySpan<byte> value)
    {
        byte[] copy = GC.AllocateUninitializedArray<byte>(value.Length, pinned: true);
        value.CopyTo(copy);
        return new ErasedBytes(copy);
    }

    public void Dispose() => CryptographicOperations.ZeroMemory(value);
}
