using System.Globalization;
using SymRatchet.Samples.Attacks.Lab;
using SymRatchet.Samples.Attacks.Wire;

namespace SymRatchet.Samples.Attacks.Catalogue;

internal sealed class InsiderId : IAttack
{
    public string Name => "insider-id";

    public string How =>
        "A client with keys of its own writes another client's id where the protocol names one,\n"
        + "well sealed: on seed in a data message, on v1 in its hello.";

    public string Why =>
        "An id is what the keys are found by, and may not change afterwards; v1 binds it into the keys when they are "
        + "imported.";

    public async Task<AttackReport> RunAsync(Laboratory laboratory, CancellationToken cancellationToken)
    {
        using StoredKey key = laboratory.KeyOf(laboratory.Victim).ImportFor(ChannelRole.Client);
        await using FrameStream connection = await laboratory.ConnectRawAsync(cancellationToken);
        if (laboratory.Protocol == ChannelProtocol.Seed)
        {
            SeedInsider insider = new(key, connection);
            await insider.GreetAsync(cancellationToken);
            await connection.WriteAsync(
                insider.SealAs(byte.Parse(laboratory.Other.Bytes, CultureInfo.InvariantCulture), InsiderMessage.Text),
                cancellationToken
            );
        }
        else
        {
            using StoredKey renamed = new(
                key.Protocol,
                key.Role,
                laboratory.Other,
                key.Evolution,
                key.IdentityKey,
                key.Epoch,
                key.EpochKey
            );
            await connection.WriteAsync(new V1Insider(renamed, connection).Hello(), cancellationToken);
        }

        (List<byte[]> frames, bool ended) = await connection.ListenAsync(cancellationToken);
        AttackReport report = laboratory.Judge(
            "another client's id, under keys of its own",
            frames,
            answersOwed: 0,
            forged: [InsiderMessage.Text],
            ended
        );
        return frames.Any(frame => laboratory.Format.Opcode(frame) == Insider.ChallengeOpcode)
            ? report with
            {
                Verdict = Verdict.Accepted,
                Did = "answered the hello",
            }
            : report;
    }
}
