namespace SymRatchet.Session;

/// <summary>
/// One line of a <see cref="TransitionTable"/>: who receives what in which phase, and where it leads.
/// </summary>
internal readonly record struct Transition(ChannelRole Receiver, ProtocolPhase From, byte Opcode, ProtocolPhase To);
