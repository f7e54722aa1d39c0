using SymRatchet.Samples.Attacks.Lab;

namespace SymRatchet.Samples.Attacks.Catalogue;

internal sealed class RolledBackServer : IAttack
{
    public string Name => "rolled-back-server";

    public string How =>
        "The server's store is restored to before a recorded session, and the attacker sends\n"
        + "the recorded client again; then the true client comes, epochs ahead.";

    public string Why =>
        "v1's server is fresh by its random value even in an old epoch, and then catches up; seed's takes an old "
        + "session anyway.";

    public bool NeedsInside => true;

    public Verdict Expected(ChannelProtocol protocol) =>
        protocol == ChannelProtocol.Seed ? Verdict.Accepted : Verdict.Refused;

    public async Task<AttackReport> RunAsync(Laboratory laboratory, CancellationToken cancellationToken)
    {
        PreSharedKey key = laboratory.KeyOf(laboratory.Victim);
        StoredKey old = laboratory.ServerStore.Copy(laboratory.Victim);
        (IReadOnlyList<byte[]> fromClient, _) = await laboratory.RecordAsync(
            laboratory.Victim,
            ["1", "2"],
            cancellationToken
        );
        await laboratory.VisitAsync(laboratory.Server, key, ["3"], cancellationToken);

        laboratory.ServerStore.PutBack(old);
        AttackReport report = await laboratory.ReplayAsync(
            $"{fromClient.Count} recorded frames",
            fromClient,
            answersOwed: 0,
            cancellationToken
        );
        Visit after = await laboratory.VisitAsync(laboratory.Server, key, ["4"], cancellationToken);
        return after.Answers.Count == 1
            ? report with
            {
                Measured = $"then served in epoch {after.Epoch}",
            }
            : report with
            {
                Verdict = Verdict.Accepted,
                Did = $"the client is locked out ({after.Failure})",
            };
    }
}
