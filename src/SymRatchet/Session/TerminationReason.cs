namespace SymRatchet.Session;

/// <summary>
/// The one byte of a TERMINATE of protocol 1. A number that is not here is read as <see cref="Internal"/>.
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
