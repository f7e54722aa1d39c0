using System.Diagnostics;
using SymRatchet.Keys;
using SymRatchet.Primitives;

namespace SymRatchet;

/// <summary>
/// One identity as a key store holds it: a snapshot of its epoch and the key of that epoch, read together. The reader owns the
/// snapshot and disposes it, which erases its keys. Not thread-safe.
/// </summary>
[DebuggerDisplay("{ToString(),nq}")]
public sealed class StoredKey : IDisposable
{
    [DebuggerBrowsable(DebuggerBrowsableState.Never)]
    private readonly SecretBytes _epochKey;

    /// <summary>Makes a snapshot; the keys are copied.</summary>
    /// <param name="protocol">The one protocol that the key serves.</param>
    /// <param name="role">The one role that the key serves.</param>
    /// <param name="id">The client's id, 1 to 255 bytes.</param>
    /// <param name="epoch">The epoch of <paramref name="epochKey"/>; 0 for <see cref="ChannelProtocol.Seed"/>, which has no epochs.</param>
    /// <param name="epochKey">The root key: for <see cref="ChannelProtocol.Seed"/> the master key, 16 bytes.</param>
    public StoredKey(ChannelProtocol protocol, ChannelRole role, ReadOnlySpan<byte> id, long epoch, ReadOnlySpan<byte> epochKey)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(epoch);
        Protocol = protocol;
        Role = role;
        Id = id.ToArray();
        Epoch = epoch;
        _epochKey = new SecretBytes(epochKey);
    }

    /// <summary>The one protocol that the key serves.</summary>
    public ChannelProtocol Protocol { get; }

    /// <summary>The one role that the key serves.</summary>
    public ChannelRole Role { get; }

    /// <summary>The client's id, 1 to 255 bytes.</summary>
    public ReadOnlyMemory<byte> Id { get; }

    /// <summary>The epoch of <see cref="EpochKey"/>.</summary>
    public long Epoch { get; }

    /// <summary>The root key of <see cref="Epoch"/>. A secret: copy it nowhere but into the store.</summary>
    [DebuggerBrowsable(DebuggerBrowsableState.Never)]
    public ReadOnlySpan<byte> EpochKey => _epochKey.Span;

    /// <summary>Erases the keys.</summary>
    public void Dispose() => _epochKey.Dispose();

    /// <summary>The id, protocol and epoch; never a key.</summary>
    public override string ToString() => $"{KeyText.ToDisplay(Id.Span)} ({Protocol}, {Role}, epoch {Epoch})";
}
