using SymRatchet.Samples.Attacks.Lab;
using SymRatchet.Samples.Attacks.Wire;

namespace SymRatchet.Samples.Attacks.Catalogue;

/// <summary>
/// A length that lies, in a hello on a connection of the attacker's own and in the first data message of an honest
/// session.
/// </summary>
internal sealed class LyingLength(string name, string how, string why, params uint[] lengths) : IAttack
{
    public string Name => name;

    public string How => how;

    public string Why => why;

    public async Task<AttackReport> RunAsync(Laboratory laboratory, CancellationToken cancellationToken)
    {
        string sent = $"a length of {string.Join(", ", lengths)} bytes, in a hello and in data";
        long before = GC.GetTotalAllocatedBytes();
        List<(string, AttackReport)> trials = [];
        foreach (uint length in lengths)
        {
            trials.Add(($"{length} in a hello", await InHelloAsync(laboratory, length, cancellationToken)));
            trials.Add(
                (
                    $"{length} in data",
                    await laboratory.RewriteFirstDataAsync(
                        "",
                        frame => laboratory.Format.SetLength(frame, length),
                        cancellationToken
                    )
                )
            );
        }

        AttackReport report = Judgement.Together(sent, trials);
        return report with
        {
            Measured =
                $"{report.Measured}; {(GC.GetTotalAllocatedBytes() - before) / 1024} KiB allocated by all ends "
                + "together",
        };
    }

    private static async Task<AttackReport> InHelloAsync(
        Laboratory laboratory,
        uint length,
        CancellationToken cancellationToken
    )
    {
        byte[] hello = new byte[laboratory.Format.BodyOffset + 64];
        hello[laboratory.Format.OpcodeOffset] = 10;
        if (laboratory.Protocol == ChannelProtocol.V1)
            hello[2] = 1;
        laboratory.Format.SetLength(hello, length);
        await using FrameStream connection = await laboratory.ConnectRawAsync(cancellationToken);
        await connection.WriteAsync(hello, cancellationToken);
        (List<byte[]> frames, bool ended) = await connection.ListenAsync(cancellationToken);
        return laboratory.Judge("", frames, answersOwed: 0, forged: [], ended);
    }
}
