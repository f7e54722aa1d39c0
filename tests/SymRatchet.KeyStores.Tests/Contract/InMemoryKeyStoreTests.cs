namespace SymRatchet.KeyStores.Tests.Contract;

public sealed class InMemoryKeyStoreTests : KeyStoreContract
{
    private InMemoryKeyStore? _store;

    private protected override ValueTask<IKeyDirectory> OpenAsync(ChannelRole role = ChannelRole.Server) =>
        new(_store ??= new InMemoryKeyStore(role));
}
