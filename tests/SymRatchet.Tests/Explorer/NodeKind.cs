namespace SymRatchet.Tests.Explorer;

/// <summary>What a handshake waits for, as the explorer sees it.</summary>
internal enum NodeKind
{
    Frame,
    Read,
    Advance,
    Send,
    Established,
    Refused,
}
