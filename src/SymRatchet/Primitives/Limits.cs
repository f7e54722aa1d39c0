namespace SymRatchet.Primitives;

/// <summary>Every limit of the library in one place. Sizes are in bytes.</summary>
internal static class Limits
{
    internal const int DefaultMaxMessageSize = 1 << 20;
    internal const int MaxMessageSize = 16 << 20;

    internal const int MaxIdLength = 255;

    /// <summary>Unflushed bytes at which a write flushes by itself, so that memory stays bounded.</summary>
    internal const int FlushThreshold = 64 * 1024;

    internal static readonly TimeSpan HandshakeTimeout = TimeSpan.FromSeconds(10);

    /// <summary>How long the last word of a failing or closing channel may take to leave.</summary>
    internal static readonly TimeSpan FarewellTimeout = TimeSpan.FromSeconds(1);

    internal const int PendingHandshakes = 1024;
}
