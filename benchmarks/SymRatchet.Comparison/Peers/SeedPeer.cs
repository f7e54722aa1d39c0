namespace SymRatchet.Comparison.Peers;

/// <summary>
/// The protocol that SymRatchet began with. It answers each message with one, so nothing can be measured that goes one
/// way.
/// </summary>
internal sealed class SeedPeer() : SymRatchetPeer("symratchet-seed", CipherSuiteId.Aegis256)
{
    private static readonly PreSharedKey SeedKey = PreSharedKey.ForSeed(
        1,
        RunSecret.Bytes.AsSpan(0, PreSharedKey.SeedKeySize)
    );

    internal override bool Fits(string scenario) => scenario is "pingpong-64B" or "connect" or "idle-connection";

    private protected override Task<SecureChannelClientOptions> CreateClientAsync() =>
        Task.FromResult(new SecureChannelClientOptions { Key = SeedKey, Protocol = ChannelProtocol.Seed });

    private protected override Task<SecureChannelServerOptions> CreateServerAsync() => Task.FromResult(Serve(SeedKey));
}
