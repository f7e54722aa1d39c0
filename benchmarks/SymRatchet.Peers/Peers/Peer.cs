namespace SymRatchet.Peers.Peers;

/// <summary>A way to protect a connection, or not to. Its server's end runs in a process of its own.</summary>
internal abstract class Peer : IAsyncDisposable
{
    internal abstract string Name { get; }

    /// <summary>Why it cannot be measured here, or null.</summary>
    internal virtual string? Missing => null;

    /// <summary>What a server must tell its clients, such as its certificate; in one line.</summary>
    internal virtual string Credential => "";

    /// <summary>Whether a scenario means something for it.</summary>
    internal virtual bool Fits(string scenario) => true;

    /// <summary>Opens a protected connection to a server of this kind.</summary>
    internal abstract Task<PeerConnection> ConnectAsync(int port, string credential);

    /// <summary>Listens, and serves each connection until the process ends.</summary>
    /// <returns>The port that clients connect to.</returns>
    internal abstract Task<int> ListenAsync(Func<PeerConnection, Task> serve);

    public virtual ValueTask DisposeAsync() => default;
}
