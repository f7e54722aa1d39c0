using System.Diagnostics;
using Nerdbank.Streams;

namespace SymRatchet.Comparison.Peers;

/// <summary>
/// A connection whose end is another program: what it is given on its standard input goes out, what comes in is its
/// standard output.
/// </summary>
internal sealed class PipedConnection(Process program) : PeerConnection
{
    internal override Stream Stream { get; } =
        FullDuplexStream.Splice(program.StandardOutput.BaseStream, program.StandardInput.BaseStream);

    public override async ValueTask DisposeAsync()
    {
        await Stream.DisposeAsync();
        await ExternalProgram.EndAsync(program);
    }
}
