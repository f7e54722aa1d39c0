using System.Data.Common;
using System.Security.Cryptography;

namespace SymRatchet.KeyStores;

/// <summary>Opens the keys of one identity, and remembers whether all of them are wrapped as they would be now.</summary>
internal sealed class UnwrappedKeys(IKeyWrapper wrapper)
{
    /// <summary>Two keys of two parts each are the most that an identity has.</summary>
    private const int MostParts = 4;

    private int _parts;

    internal bool AreCurrent { get; private set; } = true;

    /// <summary>How a wrapped key is read from a row; into an array that is erased once it is open.</summary>
    internal Func<DbDataReader, int, byte[]> Read { get; init; } = static (row, column) => row.GetFieldValue<byte[]>(column);

    internal void Open(byte[] wrapped, KeyPlace place, Span<byte> key)
    {
        _parts++;
        AreCurrent &= wrapper.Unwrap(wrapped, place, key);
        CryptographicOperations.ZeroMemory(wrapped);
        if (!key.ContainsAnyExcept((byte)0))
            throw new CryptographicException("It is all zeros: it was erased before it was written down.");
    }

    /// <summary>
    /// Opens decoys until as many were unwrapped as for an identity with two keys, so that the wrapper's time tells nobody whether an id
    /// is unknown, known, revoked or rotating. To be called once for each lookup of a handshake, found or not.
    /// </summary>
    /// <param name="id">The id that was looked up.</param>
    internal void OpenDecoys(ReadOnlySpan<byte> id)
    {
        int missing = MostParts - _parts;
        for (; _parts < MostParts; _parts++)
            DecoyKeys.Of(wrapper).Open(id.Length);
        for (int key = 0; key < missing / 2; key++)
            DecoyKeys.CopyOne();
    }
}
