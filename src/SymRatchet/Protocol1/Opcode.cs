namespace SymRatchet.Protocol1;

/// <summary>
/// The opcodes of protocol 1 (docs/protocol.md, 4), numbered as in the seed protocol where both have one.
/// </summary>
internal enum Opcode : byte
{
    ClientHello = 10,
    ServerChallenge = 20,
    ClientConfirm = 21,
    ServerConfirm = 22,
    ClientData = 30,
    ServerData = 40,
    Terminate = 60,
    Ping = 61,
    Pong = 62,
}
