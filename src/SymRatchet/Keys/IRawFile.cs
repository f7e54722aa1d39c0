namespace SymRatchet.Keys;

/// <summary>
/// The open file beneath a key file, without any buffer between. Tests put one in its place that loses, tears or
/// refuses writes.
/// </summary>
internal interface IRawFile : IDisposable
{
    long Length { get; }

    /// <summary>Fills the content; what lies beyond the end of the file reads as zeros.</summary>
    void Read(Span<byte> content, long offset);

    void Write(ReadOnlySpan<byte> content, long offset);

    void SetLength(long length);

    /// <summary>Waits until everything that was written is on the disk.</summary>
    void Flush();

    /// <summary>Whether the path still leads to this file. Elsewhere than on Linux always true.</summary>
    bool IsInPlace();
}
