using SymRatchet.Samples.Attacks.Lab;
using SymRatchet.Samples.Attacks.Wire;

namespace SymRatchet.Samples.Attacks.Catalogue;

/// <summary>
/// Messages in another order than they were sent in. On v1 the client sends its messages at once; seed's client waits
/// for each answer, so there a recorded session is sent again with its messages in that order, which seed takes from
/// the right beginning on.
/// </summary>
internal sealed class MisorderedMessages(string name, string how, string sent, int[] order) : IAttack
{
    private static readonly string[] Messages = ["23", "29"];

    public string Name => name;

    public string How => how;

    public string Why =>
        "Each message's key follows from the message before, and the round is the next one or the session is over.";

    public Task<AttackReport> RunAsync(Laboratory laboratory, CancellationToken cancellationToken) =>
        laboratory.Protocol == ChannelProtocol.Seed
            ? AgainAsync(laboratory, cancellationToken)
            : OnTheWayAsync(laboratory, cancellationToken);

    private async Task<AttackReport> AgainAsync(Laboratory laboratory, CancellationToken cancellationToken)
    {
        (IReadOnlyList<byte[]> fromClient, _) = await laboratory.RecordAsync(
            laboratory.Victim,
            Messages,
            cancellationToken
        );
        return await laboratory.ReplayAsync(
            sent,
            laboratory.WithData(fromClient, order),
            answersOwed: 0,
            cancellationToken
        );
    }

    private async Task<AttackReport> OnTheWayAsync(Laboratory laboratory, CancellationToken cancellationToken)
    {
        int first = laboratory.Format.ClientFramesBeforeData;
        List<byte[]> held = [];
        await using ManInTheMiddle wire = laboratory.Intercept(
            (toServer, index, frame) =>
            {
                if (!toServer || index < first)
                    return [frame];
                held.Add(frame);
                return held.Count == Messages.Length ? order.Select(message => held[message]) : [];
            }
        );
        await laboratory.SendAtOnceAsync(wire.Endpoint, Messages, cancellationToken);
        return laboratory.Judge(
            sent,
            wire.FromServer,
            answersOwed: 0,
            forged: Messages,
            await wire.HasEndedAsync(cancellationToken)
        );
    }
}
