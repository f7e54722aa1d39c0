using SymRatchet.Samples.Attacks.Lab;
using SymRatchet.Samples.Attacks.Wire;

namespace SymRatchet.Samples.Attacks.Catalogue;

internal sealed class WrongPhase : IAttack
{
    public string Name => "wrong-phase";

    public string How =>
        "A client with the right keys sends data before its handshake is done: on seed in\n"
        + "place of its hello, on v1 in place of its confirm.";

    public string Why => "One transition table says what each phase takes, and all else ends the session.";

    public async Task<AttackReport> RunAsync(Laboratory laboratory, CancellationToken cancellationToken)
    {
        using StoredKey key = laboratory.KeyOf(laboratory.Victim).ImportFor(ChannelRole.Client);
        await using var insider = Insider.Of(
            laboratory.Protocol,
            key,
            await laboratory.ConnectRawAsync(cancellationToken)
        );
        if (laboratory.Protocol == ChannelProtocol.V1)
            await insider.GreetAsync(cancellationToken);
        await insider.Connection.WriteAsync(
            insider.Seal(WireFormat.DataOpcode, insider.Round, InsiderMessage.Text),
            cancellationToken
        );
        (List<byte[]> frames, bool ended) = await insider.Connection.ListenAsync(cancellationToken);
        AttackReport report = laboratory.Judge(
            "data where the handshake is due",
            frames,
            answersOwed: 0,
            forged: [InsiderMessage.Text],
            ended
        );
        return frames.Any(frame => laboratory.Format.Opcode(frame) is Insider.ChallengeOpcode or Insider.ConfirmOpcode)
            ? report with
            {
                Verdict = Verdict.Accepted,
                Did = "took it for a message of the handshake",
            }
            : report;
    }
}
