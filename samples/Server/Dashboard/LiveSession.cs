namespace SymRatchet.Samples.Server.Dashboard;

/// <summary>One client that is connected, as the page shows it. Thread-safe.</summary>
internal sealed class LiveSession(ChannelPeer peer, string remote, WireFingerprint wire, Action changed)
{
    private long _received;
    private long _sent;
    private long _round;

    internal ClientId Client { get; } = peer.ClientId;

    internal string Remote => remote;

    /// <summary>The round that the client contributed to last.</summary>
    internal void Contributed(long round) => Interlocked.Exchange(ref _round, round);

    internal void CountReceived() => Count(ref _received, "received"u8);

    internal void CountSent() => Count(ref _sent, "sent"u8);

    internal ClientView View()
    {
        long sent = Interlocked.Read(ref _sent);
        long received = Interlocked.Read(ref _received);
        return new ClientView(
            Client.ToString(),
            remote,
            peer.Suite is { } suite ? $"{suite}" : "AES-128-CBC, HMAC-SHA-256",
            peer.Protocol == ChannelProtocol.Seed ? null : peer.Epoch,
            Interlocked.Read(ref _round),
            sent + received,
            wire.ToString(),
            Waits: received > sent
        );
    }

    // Two messages can come in one read: the mark makes two steps of them all the same.
    private void Count(ref long steps, ReadOnlySpan<byte> direction)
    {
        wire.Add(direction);
        Interlocked.Increment(ref steps);
        changed();
    }
}
