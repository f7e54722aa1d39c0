using SymRatchet.Comparison.Running;

namespace SymRatchet.Comparison.Peers;

/// <summary>A way to protect connections, or not to. Its server runs in a process of its own.</summary>
internal abstract class Peer : IAsyncDisposable
{
    internal abstract string Name { get; }

    /// <summary>Why it cannot be measured here, or null.</summary>
    internal virtual string? Missing => null;

    /// <summary>What a server must tell its clients, such as its certificate; in one line.</summary>
    internal virtual string Credential => "";

    /// <summary>The CPU time of the server; with that of the tunnel programs, where it needs them.</summary>
    internal virtual TimeSpan CpuTime => ProcessUse.CpuTime;

    /// <summary>What the server holds in memory, in bytes; of a pair of tunnel programs, the server's end.</summary>
    internal virtual long Memory => Environment.WorkingSet;

    /// <summary>Whether a scenario means something for it.</summary>
    internal abstract bool Fits(string scenario);

    /// <summary>Listens, and serves whoever connects until the process ends.</summary>
    /// <returns>The port that clients connect to.</returns>
    internal abstract Task<int> ListenAsync();

    public virtual ValueTask DisposeAsync() => default;
}
