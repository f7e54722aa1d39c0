using System.Data.Common;
using System.Security.Cryptography;

namespace SymRatchet.KeyStores;

/// <summary>Opens the keys of one identity, and remembers whether all of them are wrapped as they would be now.</summary>
internal sealed class UnwrappedKeys(IKeyWrapper wrapper)
{
    internal bool AreCurrent { get; private set; } = true;

    /// <summary>How a wrapped key is read from a row; into an array that is erased once it is open.</summary>
    internal Func<DbDataReader, int, byte[]> Read { get; init; } = static (row, column) => row.GetFieldValue<byte[]>(column);

    /// <summary>What a lookup opens for an id of this length that is unknown, or has fewer keys than others.</summary>
    internal WrappedKey Decoy(int idLength) => DecoyKeys.Of(wrapper).For(idLength);

    internal void Open(byte[] wrapped, KeyPlace place, Span<byte> key)
    {
        AreCurrent &= wrapper.Unwrap(wrapped, place, key);
        CryptographicOperations.ZeroMemory(wrapped);
        if (!key.ContainsAnyExcept((byte)0))
            throw new CryptographicException("It is all zeros: it was erased before it was written down.");
    }

    /// <summary>Opens a part of a decoy, as one of a key. A decoy that cannot be opened is nobody's trouble.</summary>
    internal void OpenDecoy(byte[] wrapped, KeyPlace place, Span<byte> key)
    {
        bool isCurrent = false;
        try
        {
            isCurrent = wrapper.Unwrap(wrapped, place, key);
        }
        catch (CryptographicException)
        {
        }

        if (!isCurrent)
            DecoyKeys.Of(wrapper).Renew(place.Id.Length);
        CryptographicOperations.ZeroMemory(wrapped);
    }
}
