using SymRatchet.Crypto;

namespace SymRatchet.Protocol1;

/// <summary>The settings of a handshake of protocol 1, from the channel's options.</summary>
/// <param name="Suites">The suites that are offered or accepted, the preferred first.</param>
/// <param name="MaxRecordSize">The largest body of a record, in bytes, padding and tag counted.</param>
/// <param name="PaddingBlock">Messages are padded to a multiple of this, in bytes; 0 for no padding.</param>
/// <param name="EpochLimit">How many epochs one side may be ahead of the other.</param>
/// <param name="SendBeforeConfirm">Whether a client may send together with its confirm.</param>
/// <param name="Random">The source of nonces.</param>
internal sealed record HandshakeSettings(
    IReadOnlyList<CipherSuite> Suites,
    int MaxRecordSize,
    int PaddingBlock,
    long EpochLimit,
    bool SendBeforeConfirm,
    RandomSource Random
)
{
    /// <summary>The clock with which the store's times are compared.</summary>
    internal TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>
    /// How long after a session of an identity another handshake of it may still be behind because they ran in
    /// parallel; <see cref="Timeout.InfiniteTimeSpan"/> for no limit.
    /// </summary>
    internal TimeSpan ParallelWindow { get; init; } = Timeout.InfiniteTimeSpan;
}
