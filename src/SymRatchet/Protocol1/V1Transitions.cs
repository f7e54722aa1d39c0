using SymRatchet.Session;

namespace SymRatchet.Protocol1;

/// <summary>
/// The transition table of protocol 1 (docs/protocol.md, 7). Opcodes are those that the role receives. A TERMINATE with
/// reason 0 closes one direction; the phase changes when both are closed.
/// </summary>
internal static class V1Transitions
{
    internal static TransitionTable Table { get; } =
        new([
            new(ChannelRole.Server, ProtocolPhase.Init, (byte)Opcode.ClientHello, ProtocolPhase.Confirming),
            new(ChannelRole.Server, ProtocolPhase.Confirming, (byte)Opcode.ClientConfirm, ProtocolPhase.Active),
            new(ChannelRole.Server, ProtocolPhase.Active, (byte)Opcode.ClientData, ProtocolPhase.Active),
            new(ChannelRole.Server, ProtocolPhase.Active, (byte)Opcode.Ping, ProtocolPhase.Active),
            new(ChannelRole.Server, ProtocolPhase.Active, (byte)Opcode.Pong, ProtocolPhase.Active),
            new(ChannelRole.Server, ProtocolPhase.Active, (byte)Opcode.Terminate, ProtocolPhase.Terminated),
            new(ChannelRole.Client, ProtocolPhase.Init, (byte)Opcode.ServerChallenge, ProtocolPhase.Confirming),
            new(ChannelRole.Client, ProtocolPhase.Confirming, (byte)Opcode.ServerConfirm, ProtocolPhase.Active),
            new(ChannelRole.Client, ProtocolPhase.Active, (byte)Opcode.ServerData, ProtocolPhase.Active),
            new(ChannelRole.Client, ProtocolPhase.Active, (byte)Opcode.Ping, ProtocolPhase.Active),
            new(ChannelRole.Client, ProtocolPhase.Active, (byte)Opcode.Pong, ProtocolPhase.Active),
            new(ChannelRole.Client, ProtocolPhase.Active, (byte)Opcode.Terminate, ProtocolPhase.Terminated),
        ]);

    /// <summary>Returns the opcodes that a role accepts in a phase, as bits: all of protocol 1 are below 64.</summary>
    internal static ulong AcceptedOpcodes(ChannelRole receiver, ProtocolPhase phase)
    {
        ulong accepted = 0;
        for (byte opcode = 0; opcode < 64; opcode++)
        {
            if (Table.TryMove(receiver, phase, opcode, out _))
                accepted |= 1UL << opcode;
        }

        return accepted;
    }
}
