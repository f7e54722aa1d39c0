namespace SymRatchet.Session;

/// <summary>
/// The transitions of a protocol over role, phase and opcode. Whatever is not in the table is rejected; no other code
/// allows an opcode.
/// </summary>
internal sealed class TransitionTable
{
    private const int Roles = 2;
    private const int Phases = (int)ProtocolPhase.Terminated + 1;
    private const int Opcodes = 256;
    private const byte Refused = 0;

    // One byte per cell: 0, or the next phase plus one.
    private readonly byte[] _cells = new byte[Roles * Phases * Opcodes];

    internal TransitionTable(params ReadOnlySpan<Transition> rows)
    {
        Rows = rows.ToArray();
        foreach (Transition row in rows)
            _cells[Cell(row.Receiver, row.From, row.Opcode)] = (byte)(row.To + 1);
    }

    internal IReadOnlyList<Transition> Rows { get; }

    internal bool TryMove(ChannelRole receiver, ProtocolPhase phase, byte opcode, out ProtocolPhase next)
    {
        byte cell = _cells[Cell(receiver, phase, opcode)];
        next = cell == Refused ? phase : (ProtocolPhase)(cell - 1);
        return cell != Refused;
    }

    private static int Cell(ChannelRole receiver, ProtocolPhase phase, byte opcode) =>
        ((((int)receiver - 1) * Phases) + (int)phase) * Opcodes + opcode;
}
