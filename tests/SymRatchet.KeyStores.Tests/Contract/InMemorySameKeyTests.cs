namespace SymRatchet.KeyStores.Tests.Contract;

public sealed class InMemorySameKeyTests : SameKeyContract
{
    private protected override ValueTask<IKeyDirectory> OpenAsync(ChannelRole role) => new(new InMemoryKeyStore(role));
}
