namespace SymRatchet.Protocol1;

/// <summary>Every limit of the library in one place. Sizes are in bytes.</summary>
internal static class Limits
{
    internal const int DefaultMaxRecordSize = 1 << 20;
    internal const int MaxRecordSize = 16 << 20;
    internal const int MinRecordSize = 256;

    /// <summary>The body of a handshake message of protocol 1.</summary>
    internal const int MaxHandshakeBody = 4 * 1024;

    /// <summary>The last round of a direction, kept for its last word.</summary>
    internal const ulong LastRound = (1UL << 48) - 1;

    /// <summary>How many epochs one side may be ahead of the other before an operator must look at it.</summary>
    internal const long EpochLimit = 65_536;

    internal const int MaxIdLength = 255;
    internal const int MaxServerNameLength = 255;

    /// <summary>Unflushed bytes at which a write flushes by itself, so that memory stays bounded.</summary>
    internal const int FlushThreshold = 64 * 1024;

    internal static readonly TimeSpan HandshakeTimeout = TimeSpan.FromSeconds(10);

    /// <summary>A setting of "10" that was meant as seconds is read as days, and a timer takes 49 of them.</summary>
    internal static readonly TimeSpan HandshakeTimeoutBound = TimeSpan.FromDays(1);

    /// <summary>Less would keep a processor busy with an idle channel.</summary>
    internal static readonly TimeSpan LeastKeepAlive = TimeSpan.FromMilliseconds(100);

    internal static readonly TimeSpan KeepAliveTimeout = TimeSpan.FromSeconds(20);

    /// <summary>How long the last word of a failing or closing channel may take to leave.</summary>
    internal static readonly TimeSpan TerminateTimeout = TimeSpan.FromSeconds(1);

    /// <summary>How long a pipe that was completed may take to send what is left in it, and its close.</summary>
    internal static readonly TimeSpan DrainTimeout = TimeSpan.FromSeconds(5);

    // A handshake that waits costs some kilobytes. At 500 connections a second, one waits four seconds before as many
    // newer ones of its identity or address have come; in all, longer than a handshake may take.
    internal const int PendingHandshakes = 8192;
    internal const int PendingHandshakesPerAddress = 2048;
    internal const int PendingHandshakesPerId = 2048;
}
