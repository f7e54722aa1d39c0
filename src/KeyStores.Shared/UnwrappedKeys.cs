using System.Security.Cryptography;

namespace SymRatchet.KeyStores;

/// <summary>Opens the keys of one row, and remembers whether all of them are wrapped as they would be now.</summary>
internal sealed class UnwrappedKeys(IKeyWrapper wrapper)
{
    internal bool AreCurrent { get; private set; } = true;

    internal void Open(byte[] wrapped, KeyPlace place, Span<byte> key)
    {
        AreCurrent &= wrapper.Unwrap(wrapped, place, key);
        CryptographicOperations.ZeroMemory(wrapped);
    }
}
