using SymRatchet.Samples.Attacks.Lab;

namespace SymRatchet.Samples.Attacks.Catalogue;

internal sealed class FalseServer : IAttack
{
    public string Name => "false-server";

    public string How =>
        "The attacker plays the server with a key of his own. He knows the client's id and\n"
        + "all that was ever said, but not the key.";

    public string Why => "The server proves the key before the client sends a byte of data.";

    public async Task<AttackReport> RunAsync(Laboratory laboratory, CancellationToken cancellationToken)
    {
        using PreSharedKey own = DecoyKey.For(laboratory, laboratory.Victim);
        using LabKeyStore store = new(ChannelRole.Server, own);
        await using LabServer server = laboratory.StartServer(store);
        Visit visit = await laboratory.VisitAsync(
            server.Endpoint,
            laboratory.KeyOf(laboratory.Victim),
            ["53"],
            cancellationToken
        );
        return visit.Answers.Count == 0 && server.Delivered.Count == 0 && visit.Failure is { } failure
            ? new AttackReport(
                "a server's part with another key",
                $"the client failed in its handshake ({failure})",
                Verdict.Refused
            )
            : new AttackReport(
                "a server's part with another key",
                "the client took it for its server",
                Verdict.Accepted
            );
    }
}
