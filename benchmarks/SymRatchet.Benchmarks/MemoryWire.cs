using System.IO.Pipelines;

namespace SymRatchet.Benchmarks;

/// <summary>One end of a connection in memory.</summary>
internal sealed record MemoryWire(PipeReader Input, PipeWriter Output) : IDuplexPipe
{
    internal static (MemoryWire Client, MemoryWire Server) CreatePair()
    {
        Pipe up = new();
        Pipe down = new();
        return (new MemoryWire(down.Reader, up.Writer), new MemoryWire(up.Reader, down.Writer));
    }
}
