using SymRatchet.Aggregation;

namespace SymRatchet.Samples.Server;

/// <summary>What the command line asks for.</summary>
internal sealed class ServerSettings
{
    internal required Endpoint Listen { get; init; }

    internal required ChannelProtocol Protocol { get; init; }

    internal required ClientKeys Keys { get; init; }

    /// <summary>The key store file; null to keep the keys in memory.</summary>
    internal string? Store { get; init; }

    internal required IAggregator Aggregator { get; init; }

    internal required RoundClosing Closing { get; init; }

    internal required TimeSpan HandshakeTimeout { get; init; }

    internal required TimeSpan IdleTimeout { get; init; }

    internal required string Log { get; init; }

    /// <summary>Where the page to look at is served; null for no page.</summary>
    internal Endpoint? Dashboard { get; init; }

    /// <summary>Whether the page may be served to other machines.</summary>
    internal bool DashboardForAll { get; init; }
}
