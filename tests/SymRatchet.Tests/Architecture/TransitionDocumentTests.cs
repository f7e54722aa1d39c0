using SymRatchet.Protocol1;
using SymRatchet.Seed;
using SymRatchet.Session;
using SymRatchet.TestKit;

namespace SymRatchet.Tests.Architecture;

/// <summary>The documents' transition tables say what the code does, row by row.</summary>
public sealed class TransitionDocumentTests
{
    private const string Begin = "<!-- table: transitions";
    private const string End = "<!-- end of table -->";

    [Fact]
    [Requirement("R7-1")]
    public void Protocol_1_moves_as_its_document_says() =>
        Assert.Equal(Documented("protocol.md"), InCode(V1Transitions.Table.Rows, number => $"{(Opcode)number}"));

    [Fact]
    public void Seed_moves_as_its_document_says()
    {
        Transition[] others =
        [
            .. SeedTransitions.Table.Rows.Where(row => row.Opcode < (byte)SeedOpcode.KeyDesyncError),
        ];
        Assert.Equal(Documented("seed.md"), InCode(others, number => $"{(SeedOpcode)number}"));
    }

    [Fact]
    public void Opcodes_50_to_60_end_a_seed_session_in_every_phase_and_role()
    {
        int ends = 0;
        foreach (ChannelRole receiver in Enum.GetValues<ChannelRole>())
        {
            foreach (ProtocolPhase phase in Enum.GetValues<ProtocolPhase>())
            {
                for (byte opcode = 50; opcode <= 60; opcode++, ends++)
                    Assert.True(
                        SeedTransitions.Table.TryMove(receiver, phase, opcode, out ProtocolPhase next)
                            && next == ProtocolPhase.Terminated
                    );
            }
        }

        Assert.Equal(ends, SeedTransitions.Table.Rows.Count(row => row.Opcode >= (byte)SeedOpcode.KeyDesyncError));
    }

    private static string[] Documented(string document) =>
        [
            .. File.ReadLines(Repository.PathOf("docs", document))
                .SkipWhile(line => !line.StartsWith(Begin, StringComparison.Ordinal))
                .Skip(3) // the comment, the heads of the columns and the line below them
                .TakeWhile(line => line != End)
                .Select(row => row.Replace("_", "", StringComparison.Ordinal).ToUpperInvariant())
                .Order(StringComparer.Ordinal),
        ];

    private static string[] InCode(IEnumerable<Transition> rows, Func<byte, string> nameOf) =>
        [
            .. rows.Select(row =>
                    $"| {row.Receiver} | {row.From} | {row.Opcode} {nameOf(row.Opcode)} | {row.To} |".ToUpperInvariant()
                )
                .Order(StringComparer.Ordinal),
        ];
}
