namespace SymRatchet.Protocol1;

/// <summary>
/// The limits of protocol 1 (docs/protocol.md, 8) and of the library: Channel, Streams and the public types use them
/// too. Sizes are in bytes.
/// </summary>
internal static class Limits
{
    internal const int DefaultMaxRecordSize = 1 << 20;

    /// <summary>The highest value of the option <see cref="SecureChannelOptions.MaxRecordSize"/>.</summary>
    internal const int MaxRecordSizeCeiling = 16 << 20;

    /// <summary>The lowest value of the same option.</summary>
    internal const int MinRecordSize = 256;

    /// <summary>The largest body of a handshake message of protocol 1.</summary>
    internal const int MaxHandshakeBody = 4 * 1024;

    /// <summary>The last round of a direction, reserved for its TERMINATE.</summary>
    internal const ulong LastRound = (1UL << 48) - 1;

    /// <summary>How many epochs one side may be ahead of the other; beyond that an operator must act.</summary>
    internal const long EpochLimit = 65_536;

    internal const int MaxIdLength = 255;
    internal const int MaxServerNameLength = 255;

    /// <summary>The unflushed bytes at which a write flushes by itself, to bound memory.</summary>
    internal const int FlushThreshold = 64 * 1024;

    internal static readonly TimeSpan HandshakeTimeout = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Every timeout is below it, to catch a configured "10" that was meant as seconds but is parsed as days.
    /// </summary>
    internal static readonly TimeSpan TimeoutBound = TimeSpan.FromDays(1);

    /// <summary>The smallest keep-alive interval and timeout, to bound the work for an idle channel.</summary>
    internal static readonly TimeSpan MinKeepAlive = TimeSpan.FromMilliseconds(100);

    internal static readonly TimeSpan KeepAliveTimeout = TimeSpan.FromSeconds(20);

    /// <summary>How long a step of a channel's end may take, as the sending of its TERMINATE.</summary>
    internal static readonly TimeSpan EndTimeout = TimeSpan.FromSeconds(1);

    /// <summary>How long a completed pipe may take to send its remaining bytes and its close.</summary>
    internal static readonly TimeSpan DrainTimeout = TimeSpan.FromSeconds(5);

    // A pending handshake costs a few kilobytes. At 500 connections a second, 2,048 newer ones take four seconds, and
    // 8,192 take longer than the handshake timeout.
    internal const int PendingHandshakes = 8192;
    internal const int PendingHandshakesPerAddress = 2048;
    internal const int PendingHandshakesPerId = 2048;
}
