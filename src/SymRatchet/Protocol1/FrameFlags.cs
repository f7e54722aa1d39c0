namespace SymRatchet.Protocol1;

/// <summary>The flags of a frame (docs/protocol.md, 4). Any other bit is rejected.</summary>
[Flags]
internal enum FrameFlags : byte
{
    None = 0,

    /// <summary>The plaintext is padded; allowed on data only.</summary>
    Padded = 1,
}
