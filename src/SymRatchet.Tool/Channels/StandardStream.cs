namespace SymRatchet.Tool.Channels;

/// <summary>
/// Standard input or output itself, without buffers. The streams of <see cref="Console"/> are duplicates, so that
/// disposing one of them does not end the pipe.
/// </summary>
internal abstract class StandardStream
{
    internal static StandardStream Input { get; } =
        OperatingSystem.IsWindows() ? new OfConsole(Console.OpenStandardInput()) : new UnixStandardStream(0);

    internal static StandardStream Output { get; } =
        OperatingSystem.IsWindows() ? new OfConsole(Console.OpenStandardOutput()) : new UnixStandardStream(1);

    /// <summary>Waits until there are bytes, and reads those that there are.</summary>
    /// <returns>Their number; 0 at the end.</returns>
    internal abstract int Read(Span<byte> buffer);

    internal abstract void Write(ReadOnlySpan<byte> bytes);

    /// <summary>Ends it: whoever reads it gets to its end.</summary>
    internal abstract void Close();

    // There the pipe ends with the process.
    private sealed class OfConsole(Stream stream) : StandardStream
    {
        internal override int Read(Span<byte> buffer) => stream.Read(buffer);

        internal override void Write(ReadOnlySpan<byte> bytes) => stream.Write(bytes);

        internal override void Close() => stream.Flush();
    }
}
