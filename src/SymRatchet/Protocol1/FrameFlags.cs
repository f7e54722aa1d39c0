namespace SymRatchet.Protocol1;

/// <summary>The flags of a frame. Any other bit is refused.</summary>
[Flags]
internal enum FrameFlags : byte
{
    None = 0,

    /// <summary>The plaintext is padded; allowed on data only.</summary>
    Padded = 1,
}
