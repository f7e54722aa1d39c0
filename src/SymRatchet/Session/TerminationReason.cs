namespace SymRatchet.Session;

/// <summary>
/// The reason in a TERMINATE of protocol 1 (docs/protocol.md, 6.4). An unknown number is read as
/// <see cref="Internal"/>.
/// </summary>
internal enum TerminationReason : byte
{
    Close = 0,
    Protocol = 1,
    Authentication = 2,
    Limit = 3,
    Timeout = 4,
    Internal = 5,
}
