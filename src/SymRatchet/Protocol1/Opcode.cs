namespace SymRatchet.Protocol1;

/// <summary>The opcodes of protocol 1; they keep the family of the seed protocol.</summary>
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
