using System.Security.Cryptography;

namespace SymRatchet.KeyStores.Sqlite;

/// <summary>A wrapped key that a change owns. It may be a plain one, so it is erased with the change.</summary>
internal sealed class ErasedBytes(byte[] bytes) : IDisposable
{
    internal byte[] Value => bytes;

    public void Dispose() => CryptographicOperations.ZeroMemory(bytes);
}
