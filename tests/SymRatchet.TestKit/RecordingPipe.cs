using System.IO.Pipelines;

namespace SymRatchet.TestKit;

/// <summary>One end of a connection that remembers what was sent through it.</summary>
public sealed class RecordingPipe : IDuplexPipe
{
    private readonly MemoryStream _sent = new();

    public RecordingPipe(IDuplexPipe inner)
    {
        Input = inner.Input;
        Output = PipeWriter.Create(new Tee(inner.Output.AsStream(), _sent));
    }

    public PipeReader Input { get; }

    public PipeWriter Output { get; }

    public byte[] Sent => _sent.ToArray();

    private sealed class Tee(Stream inner, MemoryStream copy) : MemoryStream
    {
        public override async ValueTask WriteAsync(
            ReadOnlyMemory<byte> buffer,
            CancellationToken cancellationToken = default
        )
        {
            copy.Write(buffer.Span);
            await inner.WriteAsync(buffer, cancellationToken);
        }

        protected override void Dispose(bool disposing) => inner.Dispose();
    }
}
