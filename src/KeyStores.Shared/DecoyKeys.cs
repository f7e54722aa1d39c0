using System.Runtime.CompilerServices;

namespace SymRatchet.KeyStores;

/// <summary>
/// Random keys that belong to no client, wrapped like all others: what a lookup opens if an identity has no key, or
/// only one. Thread-safe.
/// </summary>
internal sealed class DecoyKeys
{
    private const int MaxIdLength = 255;

    private static readonly ConditionalWeakTable<IKeyWrapper, DecoyKeys> All = [];
    private static readonly byte[] DecoyId = new byte[MaxIdLength];

    // One for each length of an id, because a context is hashed with its id.
    private readonly WrappedKey?[] _wrapped = new WrappedKey[MaxIdLength + 1];

    /// <summary>An id that no client has: what a probe looks for.</summary>
    internal static ClientId Nobody { get; } = new([0]);

    internal static DecoyKeys Of(IKeyWrapper wrapper) => All.GetValue(wrapper, static _ => new DecoyKeys());

    /// <summary>The place of a decoy, which takes as long to hash as that of a key.</summary>
    internal static KeyWrapContext PlaceOf(int idLength, long? epoch) =>
        new(ChannelRole.Server, new ClientId(DecoyId.AsSpan(..Math.Min(idLength, MaxIdLength))), 0, epoch);

    /// <summary>The decoy for ids as long as this one.</summary>
    internal async ValueTask<WrappedKey> ForAsync(
        ClientId id,
        KeyWrapping wrapping,
        CancellationToken cancellationToken
    )
    {
        int index = Math.Min(id.Length, MaxIdLength);
        return _wrapped[index] ??= await wrapping.WrapDecoyAsync(id, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Has the decoy replaced at the next lookup: the key that wrapped it is old or gone.
    /// </summary>
    internal void Renew(int idLength) => _wrapped[Math.Min(idLength, MaxIdLength)] = null;
}
