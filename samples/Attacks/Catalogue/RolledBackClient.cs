using SymRatchet.Samples.Attacks.Lab;

namespace SymRatchet.Samples.Attacks.Catalogue;

internal sealed class RolledBackClient : IAttack
{
    public string Name => "rolled-back-client";

    public string How =>
        "The client's store is restored to before a recorded session, and the attacker plays\n"
        + "the recorded server to it; then the client meets its true server.";

    public string Why =>
        "v1's client is fresh by its random value even in an old epoch, and then catches up; seed's is the same in "
        + "every session.";

    public bool NeedsInside => true;

    public Verdict Expected(ChannelProtocol protocol) =>
        protocol == ChannelProtocol.Seed ? Verdict.Accepted : Verdict.Refused;

    public async Task<AttackReport> RunAsync(Laboratory laboratory, CancellationToken cancellationToken)
    {
        using LabKeyStore store = new(ChannelRole.Client, laboratory.KeyOf(laboratory.Victim));
        SecureChannelClientOptions client = new()
        {
            Protocol = laboratory.Protocol,
            Keys = store,
            ClientId = laboratory.Victim,
        };
        StoredKey old = store.Copy(laboratory.Victim);
        (_, IReadOnlyList<byte[]> fromServer) = await laboratory.RecordAsync(client, ["1", "2"], cancellationToken);
        await Laboratory.VisitAsync(laboratory.Server, client, ["3"], cancellationToken);

        store.PutBack(old);
        AttackReport report = await ReplayedServer.PlayAsync(laboratory, fromServer, client, cancellationToken);
        Visit after = await Laboratory.VisitAsync(laboratory.Server, client, ["4"], cancellationToken);
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
