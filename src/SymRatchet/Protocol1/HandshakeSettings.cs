using SymRatchet.Crypto;

namespace SymRatchet.Protocol1;

/// <summary>What a handshake of protocol 1 is told by the channel's options. The store says the rest.</summary>
/// <param name="Suites">The suites that are offered or accepted, the preferred first.</param>
/// <param name="MaxRecordSize">The largest body of a record, in bytes, padding and tag counted.</param>
/// <param name="PaddingBlock">Messages are padded to a multiple of this, in bytes; 0 for no padding.</param>
/// <param name="EpochLimit">How many epochs one side may be ahead of the other.</param>
/// <param name="SendBeforeConfirm">Whether a client may send together with its confirm.</param>
/// <param name="Random">Where nonces come from.</param>
internal sealed record HandshakeSettings(
    IReadOnlyList<CipherSuite> Suites,
    int MaxRecordSize,
    int PaddingBlock,
    long EpochLimit,
    bool SendBeforeConfirm,
    RandomSource Random
)
{
    /// <summary>The clock that the store's times are compared with.</summary>
    internal TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>
    /// How long after a session of an identity another handshake of it may still be behind because the two ran side by
    /// side. With <see cref="Timeout.InfiniteTimeSpan"/>, always.
    /// </summary>
    internal TimeSpan ParallelWindow { get; init; } = Timeout.InfiniteTimeSpan;
}
