using SymRatchet.Comparison.Peers;

namespace SymRatchet.Comparison.Scenarios;

/// <summary>One thing that is measured for each peer that can do it.</summary>
internal abstract class Scenario
{
    internal abstract string Name { get; }

    internal abstract string Unit { get; }

    /// <summary>Whether a larger number is a better one.</summary>
    internal virtual bool MoreIsBetter => false;

    /// <summary>What CPU time is counted for each of; null where it says nothing.</summary>
    internal virtual string? Thing => null;

    /// <summary>How often a peer is measured at most, where one measurement takes long by itself.</summary>
    internal virtual int MaxRounds => int.MaxValue;

    /// <summary>The names of the peers that it is for and that are here, in order.</summary>
    internal virtual IEnumerable<string> Peers =>
        PeerCatalogue.All.Where(peer => peer.Missing is null && peer.Fits(Name)).Select(peer => peer.Name);

    /// <summary>Makes ready to measure a peer again and again.</summary>
    internal abstract Task<IMeasurement> PrepareAsync(string peer);
}
