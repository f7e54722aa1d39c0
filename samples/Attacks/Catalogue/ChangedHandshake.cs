using SymRatchet.Samples.Attacks.Lab;
using SymRatchet.Samples.Attacks.Wire;

namespace SymRatchet.Samples.Attacks.Catalogue;

internal sealed class ChangedHandshake : IAttack
{
    public string Name => "changed-handshake";

    public string How =>
        "The man in the middle turns over one bit in a handshake message, in either\n"
        + "direction, at its beginning, in its middle and at its end, one session each.";

    public string Why =>
        "Each message of a handshake carries an authenticator over all of it; v1's cover the messages before it as "
        + "well.";

    public async Task<AttackReport> RunAsync(Laboratory laboratory, CancellationToken cancellationToken)
    {
        int each = laboratory.Format.ClientFramesBeforeData;
        List<(string, AttackReport)> trials = [];
        foreach (bool fromClient in (bool[])[true, false])
        {
            for (int message = 0; message < each; message++)
            {
                foreach (double place in (double[])[0, 0.5, 1])
                    trials.Add(
                        (
                            $"message {message + 1} {(fromClient ? "to" : "from")} the server",
                            await ChangeAsync(laboratory, fromClient, message, place, cancellationToken)
                        )
                    );
            }
        }

        return Judgement.Together($"{2 * each} handshake messages with one bit changed", trials);
    }

    private static async Task<AttackReport> ChangeAsync(
        Laboratory laboratory,
        bool fromClient,
        int message,
        double place,
        CancellationToken cancellationToken
    )
    {
        await using ManInTheMiddle wire = laboratory.Intercept(
            (toServer, index, frame) =>
            {
                int body = laboratory.Format.BodyOffset;
                if (toServer == fromClient && index == message)
                    frame[body + (int)((frame.Length - 1 - body) * place)] ^= 0x10;
                return [frame];
            }
        );
        Visit visit = await laboratory.VisitAsync(
            wire.Endpoint,
            laboratory.KeyOf(laboratory.Victim),
            ["37"],
            cancellationToken
        );
        return visit.Answers.Count == 0 && laboratory.Delivered?.Contains("37") != true
            ? new AttackReport("", "ended the handshake", Verdict.Refused)
            : new AttackReport("", "went on as if nothing had been changed", Verdict.Accepted);
    }
}
