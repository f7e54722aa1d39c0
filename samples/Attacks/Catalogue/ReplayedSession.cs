using SymRatchet.Samples.Attacks.Lab;

namespace SymRatchet.Samples.Attacks.Catalogue;

internal sealed class ReplayedSession : IAttack
{
    public string Name => "replayed-session";

    public string How =>
        "A whole honest session is recorded; later all that the client sent is\n"
        + "sent again from its first byte, each frame after the server's answer.";

    public string Why =>
        "v1's server adds a random value to every key; seed's adds nothing to the keys of the client, so an old "
        + "session fits again.";

    public Verdict Expected(ChannelProtocol protocol) =>
        protocol == ChannelProtocol.Seed ? Verdict.Accepted : Verdict.Refused;

    public async Task<AttackReport> RunAsync(Laboratory laboratory, CancellationToken cancellationToken)
    {
        (IReadOnlyList<byte[]> recording, _) = await laboratory.RecordAsync(
            laboratory.Victim,
            ["1", "2"],
            cancellationToken
        );
        return await laboratory.ReplayAsync(
            $"{recording.Count} recorded frames",
            recording,
            answersOwed: 0,
            cancellationToken
        );
    }
}
