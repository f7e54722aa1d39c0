namespace SymRatchet.KeyStores;

/// <summary>One key of a row, in its two parts; a seed key has a decoy where others have their identity key.</summary>
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
        ReadOnlySpan<byte> identity = Protocol == ChannelProtocol.Seed || Identity is null ? [] : Identity.Key.Span;
        return new StoredKey(Protocol, Role, id, Evolution, identity, Epoch, Root.Key.Span)
        {
            Serial = Serial,
            Suites = Suites,
            LastSeen = LastSeen,
            Successor = successor,
        };
    }
}
