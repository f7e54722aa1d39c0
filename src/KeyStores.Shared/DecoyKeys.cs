using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace SymRatchet.KeyStores;

/// <summary>
/// Keys that are nobody's, wrapped as all others: what a lookup opens where an identity has no key, or has one only.
/// Thread-safe.
/// </summary>
internal sealed class DecoyKeys(IKeyWrapper wrapper)
{
    private const int MaxIdLength = 255;

    private static readonly ConditionalWeakTable<IKeyWrapper, DecoyKeys> All = [];
    private static readonly byte[] NobodysId = new byte[MaxIdLength];

    // One for each length of an id, because a place is hashed with its id.
    private readonly WrappedKey?[] _wrapped = new WrappedKey[MaxIdLength + 1];

    internal static DecoyKeys Of(IKeyWrapper wrapper) => All.GetValue(wrapper, one => new DecoyKeys(one));

    /// <summary>The place of a decoy, which takes as long to hash as that of a key.</summary>
    internal static KeyPlace PlaceOf(int idLength, long? epoch) =>
        new(ChannelRole.Server, new ClientId(NobodysId.AsSpan(..Math.Min(idLength, MaxIdLength))), 0, epoch);

    /// <summary>The decoy for ids of a length.</summary>
    internal WrappedKey For(int idLength) => _wrapped[Math.Min(idLength, MaxIdLength)] ??= new WrappedKey(
        Wrap(PlaceOf(idLength, null)), Wrap(PlaceOf(idLength, 0)));

    /// <summary>
    /// Has the decoy made anew at the next lookup: the wrapping key under which it was made is old or gone.
    /// </summary>
    internal void Renew(int idLength) => _wrapped[Math.Min(idLength, MaxIdLength)] = null;

    private byte[] Wrap(KeyPlace place)
    {
        Span<byte> key = stackalloc byte[PreSharedKey.Size];
        RandomNumberGenerator.Fill(key);
        return wrapper.Wrap(key, place);
    }
}
