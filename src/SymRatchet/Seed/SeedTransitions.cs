using SymRatchet.Session;

namespace SymRatchet.Seed;

/// <summary>The transition table of the seed protocol.</summary>
internal static class SeedTransitions
{
    internal static TransitionTable Table { get; } =
        new([
            new(ChannelRole.Server, ProtocolPhase.Init, (byte)SeedOpcode.ClientHello, ProtocolPhase.Active),
            new(ChannelRole.Server, ProtocolPhase.Active, (byte)SeedOpcode.ClientData, ProtocolPhase.Active),
            new(ChannelRole.Client, ProtocolPhase.Init, (byte)SeedOpcode.ServerChallenge, ProtocolPhase.Active),
            new(ChannelRole.Client, ProtocolPhase.Active, (byte)SeedOpcode.ServerAggregate, ProtocolPhase.Active),
            .. Terminations(),
        ]);

    // Each of these ends the session of its receiver in any phase.
    private static IEnumerable<Transition> Terminations() =>
        from receiver in Enum.GetValues<ChannelRole>()
        from phase in Enum.GetValues<ProtocolPhase>()
        from opcode in Enum.GetValues<SeedOpcode>()
        where opcode >= SeedOpcode.KeyDesyncError
        select new Transition(receiver, phase, (byte)opcode, ProtocolPhase.Terminated);
}
