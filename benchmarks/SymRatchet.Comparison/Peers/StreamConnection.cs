namespace SymRatchet.Comparison.Peers;

/// <summary>A connection that is nothing but a stream.</summary>
internal sealed class StreamConnection(Stream stream) : PeerConnection
{
    internal override Stream Stream => stream;

    public override ValueTask DisposeAsync() => stream.DisposeAsync();
}
