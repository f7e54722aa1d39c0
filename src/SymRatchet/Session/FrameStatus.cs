namespace SymRatchet.Session;

/// <summary>The result of looking for a frame at the start of a buffer.</summary>
internal enum FrameStatus
{
    /// <summary>Not yet a whole frame.</summary>
    Incomplete,

    /// <summary>A whole frame.</summary>
    Complete,

    /// <summary>A frame above the limit; nothing is allocated for it.</summary>
    TooLarge,

    /// <summary>Bytes that no frame of this protocol starts with.</summary>
    Malformed,
}
