namespace SymRatchet.KeyStores.Tests.Contract;

public sealed class InMemoryHandshakeTests : HandshakeContract
{
    private readonly Dictionary<ChannelRole, InMemoryKeyStore> _stores = [];

    private protected override ValueTask<IKeyDirectory> OpenAsync(ChannelRole role)
    {
        if (!_stores.TryGetValue(role, out InMemoryKeyStore? store))
            _stores.Add(role, store = new InMemoryKeyStore(role));
        return new(store);
    }
}
