using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace SymRatchet.KeyStores;

/// <summary>Wrapped keys that are nobody's, to be unwrapped where an identity has fewer keys than it might have. Thread-safe.</summary>
internal sealed class DecoyKeys(IKeyWrapper wrapper)
{
    private const int MaxIdLength = 255;

    private static readonly ConditionalWeakTable<IKeyWrapper, DecoyKeys> All = [];
    private static readonly byte[] NobodysId = new byte[MaxIdLength];

    // One for each length of an id, because a place is hashed with its id.
    private readonly byte[]?[] _wrapped = new byte[MaxIdLength + 1][];

    internal static DecoyKeys Of(IKeyWrapper wrapper) => All.GetValue(wrapper, one => new DecoyKeys(one));

    /// <summary>Makes a key of nobody and erases it, which takes time as well.</summary>
    internal static void CopyOne()
    {
        ReadOnlySpan<byte> key = NobodysId.AsSpan(..PreSharedKey.Size);
        new StoredKey(ChannelProtocol.V1, ChannelRole.Server, key, KeyEvolution.Forward, key, 0, key).Dispose();
    }

    /// <summary>Unwraps a decoy, as one part of a key is unwrapped.</summary>
    internal void Open(int idLength)
    {
        idLength = Math.Min(idLength, MaxIdLength);
        KeyPlace place = new(ChannelRole.Server, NobodysId.AsMemory(..idLength), 0, 0);
        Span<byte> key = stackalloc byte[PreSharedKey.Size];
        try
        {
            if (!wrapper.Unwrap(_wrapped[idLength] ??= Wrap(place), place, key))
                _wrapped[idLength] = Wrap(place);
        }
        catch (CryptographicException)
        {
            // The wrapping key under which it was made is gone.
            _wrapped[idLength] = Wrap(place);
        }
    }

    private byte[] Wrap(KeyPlace place)
    {
        Span<byte> key = stackalloc byte[PreSharedKey.Size];
        RandomNumberGenerator.Fill(key);
        return wrapper.Wrap(key, place);
    }
}
