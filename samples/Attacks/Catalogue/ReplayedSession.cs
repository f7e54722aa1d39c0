using SymRatchet.Samples.Attacks.Lab;
using SymRatchet.Samples.Attacks.Wire;

namespace SymRatchet.Samples.Attacks.Catalogue;

internal sealed class ReplayedSession : IAttack
{
    public string Name => "replayed-session";

    public string How => "A whole honest session is recorded; later all that the client sent is\nsent again from its first byte, each frame after the server's answer.";

    // The seed's server contributes nothing to the client's keys.
    public Verdict Expected(ChannelProtocol protocol) => protocol == ChannelProtocol.Seed ? Verdict.Accepted : Verdict.Refused;

    public async Task<AttackReport> RunAsync(Laboratory laboratory, CancellationToken cancellationToken)
    {
        IReadOnlyList<byte[]> recording;
        await using (ManInTheMiddle wire = laboratory.Intercept())
        {
            int answers = await laboratory.VisitAsync(wire.Endpoint, laboratory.KeyOf(laboratory.Victim), ["1", "2"], cancellationToken);
            if (answers != 2)
                throw new SampleException("the honest session that was to be recorded did not get its answers");
            await Laboratory.HasEndedAsync(wire.ServerEnded, cancellationToken);
            recording = wire.FromClient;
        }

        int before = laboratory.Delivered?.Count ?? 0;
        await using FrameStream connection = await laboratory.ConnectRawAsync(cancellationToken);
        List<byte[]> answered = [];
        foreach (byte[] frame in recording)
        {
            await connection.WriteAsync(frame, cancellationToken);
            if (await connection.ReadAsync(cancellationToken) is not { } answer)
                break;
            answered.Add(answer);
        }

        int taken = (laboratory.Delivered?.Count ?? 0) - before;
        int aggregates = answered.Count(frame => laboratory.Format.IsAnswer(frame));
        return taken > 0 || aggregates > 0
            ? new AttackReport($"{recording.Count} recorded frames", $"answered {aggregates} old messages as new", Verdict.Accepted)
            : new AttackReport($"{recording.Count} recorded frames", $"answered {answered.Count} frames, none to data, and hung up", Verdict.Refused);
    }
}
