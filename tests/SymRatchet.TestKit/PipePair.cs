using System.IO.Pipelines;

namespace SymRatchet.TestKit;

/// <summary>Two ends of a connection in memory.</summary>
public sealed class PipePair
{
    public PipePair(PipeOptions? options = null)
    {
        Pipe forth = new(options ?? PipeOptions.Default);
        Pipe back = new(options ?? PipeOptions.Default);
        Client = new End(back.Reader, forth.Writer);
        Server = new End(forth.Reader, back.Writer);
    }

    public IDuplexPipe Client { get; }

    public IDuplexPipe Server { get; }

    private sealed record End(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
