namespace SymRatchet.Session;

/// <summary>
/// What a store must know about a protocol's keys: sizes in bytes, and whether two keys can be told apart. The store
/// packages compile this file too.
/// </summary>
/// <param name="IdentitySize">The size of the key that never changes; 0 if a protocol has none.</param>
/// <param name="RootSize">The size of the root key.</param>
/// <param name="IsRecognized">
/// Whether a hello shows which of an identity's keys it was made with, so that a store can keep an old and a new one.
/// </param>
internal readonly record struct KeyShape(int IdentitySize, int RootSize, bool IsRecognized)
{
    internal static KeyShape Of(ChannelProtocol protocol) =>
        protocol == ChannelProtocol.Seed
            ? new(0, PreSharedKey.SeedKeySize, IsRecognized: false)
            : new(PreSharedKey.Size, PreSharedKey.Size, IsRecognized: true);
}
