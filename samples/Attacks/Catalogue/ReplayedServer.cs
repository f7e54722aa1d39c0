using SymRatchet.Samples.Attacks.Lab;
using SymRatchet.Samples.Attacks.Wire;

namespace SymRatchet.Samples.Attacks.Catalogue;

internal sealed class ReplayedServer : IAttack
{
    public string Name => "replayed-server";

    public string How =>
        "The attacker records what the server says in an honest session, and later plays\n"
        + "the server to the same client with nothing but the recording.";

    public string Why =>
        "v1's client adds a random value to every key; seed's server uses the same keys in each session, whatever "
        + "the client says.";

    public Verdict Expected(ChannelProtocol protocol) =>
        protocol == ChannelProtocol.Seed ? Verdict.Accepted : Verdict.Refused;

    public async Task<AttackReport> RunAsync(Laboratory laboratory, CancellationToken cancellationToken)
    {
        (_, IReadOnlyList<byte[]> fromServer) = await laboratory.RecordAsync(
            laboratory.Victim,
            ["1", "2"],
            cancellationToken
        );
        SecureChannelClientOptions client = new()
        {
            Protocol = laboratory.Protocol,
            Key = laboratory.KeyOf(laboratory.Victim),
        };
        return await PlayAsync(laboratory, fromServer, client, cancellationToken);
    }

    /// <summary>Plays recorded server frames to an honest client, one for each of its own.</summary>
    internal static async Task<AttackReport> PlayAsync(
        Laboratory laboratory,
        IReadOnlyList<byte[]> fromServer,
        SecureChannelClientOptions client,
        CancellationToken cancellationToken
    )
    {
        await using ImpostorServer impostor = new(laboratory.Format, fromServer);
        Visit visit = await Laboratory.VisitAsync(impostor.Endpoint, client, ["1", "2"], cancellationToken);
        string sent = $"{fromServer.Count} recorded frames of the server";
        return visit.Answers.Count == 0 && visit.Failure is { } failure
            ? new AttackReport(sent, $"the client failed in its handshake ({failure})", Verdict.Refused)
            : new AttackReport(sent, $"the client took {visit.Answers.Count} old answers as new", Verdict.Accepted);
    }
}
