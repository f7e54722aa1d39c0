using SymRatchet.Samples.Attacks.Lab;
using SymRatchet.Samples.Attacks.Wire;

namespace SymRatchet.Samples.Attacks.Catalogue;

internal sealed class DowngradedSuites : IAttack
{
    private const int CountOffset = 16;

    public string Name => "downgraded-suites";

    public string How =>
        "The man in the middle takes all suites but the last out of the client's list.\n"
        + "seed has no list: there the server is offered a hello of protocol 1 instead.";

    public string Why =>
        "The list is in the transcript that every authenticator and key depends on, and no server falls back to "
        + "another protocol.";

    public Task<AttackReport> RunAsync(Laboratory laboratory, CancellationToken cancellationToken) =>
        laboratory.Protocol == ChannelProtocol.V1
            ? ShortenAsync(laboratory, cancellationToken)
            : OfferAsync(laboratory, cancellationToken);

    private static async Task<AttackReport> ShortenAsync(Laboratory laboratory, CancellationToken cancellationToken)
    {
        int offered = 0;
        await using ManInTheMiddle wire = laboratory.Intercept(
            (toServer, index, frame) =>
            {
                if (!toServer || index > 0)
                    return [frame];
                offered = frame[CountOffset];
                byte[] shorter = [.. frame[..CountOffset], 1, .. frame[(CountOffset + offered)..]];
                laboratory.Format.SetLength(shorter, (uint)(shorter.Length - laboratory.Format.PrefixSize));
                return [shorter];
            }
        );
        Visit visit = await laboratory.VisitAsync(
            wire.Endpoint,
            laboratory.KeyOf(laboratory.Victim),
            ["47"],
            cancellationToken
        );
        AttackReport report = laboratory.Judge(
            $"one suite of the {offered} offered",
            wire.FromServer,
            answersOwed: 0,
            forged: ["47"],
            await wire.HasEndedAsync(cancellationToken)
        );
        return visit.Answers.Count > 0 || wire.FromServer.Count > 0
            ? report with
            {
                Verdict = Verdict.Accepted,
                Did = "chose from the shortened list",
            }
            : report;
    }

    private static async Task<AttackReport> OfferAsync(Laboratory laboratory, CancellationToken cancellationToken)
    {
        byte[] hello = new byte[160];
        (hello[0], hello[2], hello[7], hello[CountOffset]) = (10, 1, (byte)(hello.Length - CountOffset), 1);
        await using FrameStream connection = await laboratory.ConnectRawAsync(cancellationToken);
        await connection.WriteAsync(hello, cancellationToken);
        (List<byte[]> frames, bool ended) = await connection.ListenAsync(cancellationToken);
        return laboratory.Judge("a hello of protocol 1", frames, answersOwed: 0, forged: [], ended);
    }
}
