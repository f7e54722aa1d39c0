namespace SymRatchet.Session;

/// <summary>
/// One row of a <see cref="TransitionTable"/>: a receiver, its phase, the opcode received, and the next phase.
/// </summary>
internal readonly record struct Transition(ChannelRole Receiver, ProtocolPhase From, byte Opcode, ProtocolPhase To);
