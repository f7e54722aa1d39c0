using SymRatchet.Session;

namespace SymRatchet.KeyStores;

/// <summary>One key of a row, in its two parts; one without an identity key may have a decoy there.</summary>
internal sealed record SealedKey(ChannelProtocol Protocol, ChannelRole Role, long Serial, long Epoch)
{
    internal required KeyEvolution Evolution { get; init; }

    internal required SealedPart? Identity { get; init; }

    internal required SealedPart Root { get; init; }

    internal required IReadOnlyList<CipherSuiteId> Suites { get; init; }

    internal required DateTimeOffset? LastSeen { get; init; }

    internal IEnumerable<SealedPart> Parts => Identity is null ? [Root] : [Identity, Root];

    internal StoredKey Build(ClientId id, StoredKey? successor)
    {
        ReadOnlySpan<byte> identity =
            KeyShape.Of(Protocol).IdentitySize == 0 || Identity is null ? [] : Identity.Key.Span;
        return new StoredKey(Protocol, Role, id, Evolution, identity, Epoch, Root.Key.Span)
        {
            Serial = Serial,
            Suites = Suites,
            LastSeen = LastSeen,
            Successor = successor,
        };
    }
}
