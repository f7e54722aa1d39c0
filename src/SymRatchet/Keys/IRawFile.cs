namespace SymRatchet.Keys;

/// <summary>
/// The unbuffered file under a key file. Tests replace it with one that loses, tears or rejects writes.
/// </summary>
internal interface IRawFile : IDisposable
{
    long Length { get; }

    /// <summary>Fills the buffer; bytes beyond the end of the file read as zeros.</summary>
    void Read(Span<byte> content, long offset);

    void Write(ReadOnlySpan<byte> content, long offset);

    void SetLength(long length);

    /// <summary>Waits until everything written is on the disk.</summary>
    void Flush();

    /// <summary>Whether the path still refers to this file; always true on systems other than Linux.</summary>
    bool IsInPlace();
}
