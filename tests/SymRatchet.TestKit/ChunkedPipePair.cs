using System.IO.Pipelines;

namespace SymRatchet.TestKit;

/// <summary>Two ends of a connection in memory whose readers see what arrives in chunks of given sizes.</summary>
public sealed class ChunkedPipePair
{
    /// <param name="chunks">
    /// Bytes that become visible at each read, from the start again when used up; where there are none, one.
    /// </param>
    /// <param name="options">How much the connection holds.</param>
    public ChunkedPipePair(int[] chunks, PipeOptions? options = null)
    {
        PipePair inner = new(options);
        Client = new End(new ChunkingReader(inner.Client.Input, chunks), inner.Client.Output);
        Server = new End(new ChunkingReader(inner.Server.Input, chunks), inner.Server.Output);
    }

    public IDuplexPipe Client { get; }

    public IDuplexPipe Server { get; }

    private sealed record End(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
