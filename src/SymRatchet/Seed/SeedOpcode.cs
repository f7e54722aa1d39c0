namespace SymRatchet.Seed;

/// <summary>
/// The opcodes of the seed protocol. 50 and 60 end a session; later versions of the original also send 51 to 59.
/// </summary>
internal enum SeedOpcode : byte
{
    ClientHello = 10,
    ServerChallenge = 20,
    ClientData = 30,
    ServerAggregate = 40,
    KeyDesyncError = 50,
    InvalidHmac = 51,
    Replay = 52,
    Reordering = 53,
    KeyDesync = 54,
    InvalidDirection = 55,
    InvalidPhase = 56,
    UnknownClient = 57,
    PaddingError = 58,
    DecryptionFailed = 59,
    Terminate = 60,
}
