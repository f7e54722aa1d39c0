using System.Diagnostics;
using System.Globalization;
using SymRatchet.Keys;
using SymRatchet.Primitives;

namespace SymRatchet;

/// <summary>
/// The secret that a client and a server share, with the id that it belongs to. It erases its bytes when disposed and shows
/// them to nobody. Immutable, and safe for several threads until it is disposed.
/// </summary>
[DebuggerDisplay("{ToString(),nq}")]
public sealed class PreSharedKey : IDisposable
{
    /// <summary>The size of a master key of <see cref="ChannelProtocol.Seed"/>, in bytes.</summary>
    public const int SeedKeySize = 16;

    [DebuggerBrowsable(DebuggerBrowsableState.Never)]
    private readonly SecretBytes _secret;

    private readonly byte[] _id;

    private PreSharedKey(ChannelProtocol protocol, byte[] id, ReadOnlySpan<byte> secret)
    {
        Protocol = protocol;
        _id = id;
        _secret = new SecretBytes(secret);
    }

    /// <summary>The one protocol that the key serves.</summary>
    public ChannelProtocol Protocol { get; }

    /// <summary>The client's id as it stands in a store.</summary>
    public ReadOnlyMemory<byte> Id => _id;

    /// <summary>A key for <see cref="ChannelProtocol.Seed"/>.</summary>
    /// <param name="clientId">1 to 255. In stores it is its decimal digits.</param>
    /// <param name="masterKey">16 bytes, copied.</param>
    /// <exception cref="ArgumentException">The id is 0, or the key is not 16 bytes long.</exception>
    public static PreSharedKey ForSeed(byte clientId, ReadOnlySpan<byte> masterKey)
    {
        ArgumentOutOfRangeException.ThrowIfZero(clientId);
        if (masterKey.Length != SeedKeySize)
            throw new ArgumentException($"A seed master key is {SeedKeySize} bytes long; this one is {masterKey.Length}.", nameof(masterKey));

        return new PreSharedKey(ChannelProtocol.Seed, SeedId(clientId), masterKey);
    }

    /// <summary>Erases the key.</summary>
    public void Dispose() => _secret.Dispose();

    /// <summary>The id and protocol; never the key.</summary>
    public override string ToString() => $"key of {KeyText.ToDisplay(_id)} ({Protocol})";

    /// <summary>The id under which a store holds the seed client of this number.</summary>
    internal static byte[] SeedId(byte clientId) => KeyText.ToBytes(clientId.ToString(CultureInfo.InvariantCulture));

    /// <summary>What a store holds once the key is imported for one role.</summary>
    internal StoredKey Import(ChannelRole role) => new(Protocol, role, _id, epoch: 0, _secret.Span);
}
