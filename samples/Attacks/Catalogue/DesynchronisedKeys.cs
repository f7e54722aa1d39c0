using SymRatchet.Samples.Attacks.Lab;
using SymRatchet.Samples.Attacks.Wire;

namespace SymRatchet.Samples.Attacks.Catalogue;

internal sealed class DesynchronisedKeys : IAttack
{
    private const string Message = "17";

    public string Name => "desynchronised-keys";

    public string How => "A client whose keys are one step ahead of the server's sends a message with\nthe right round: on v1 the message before it is lost and the round number mended.";

    public Task<AttackReport> RunAsync(Laboratory laboratory, CancellationToken cancellationToken) =>
        laboratory.Protocol == ChannelProtocol.Seed ? AheadAsync(laboratory, cancellationToken) : LostAsync(laboratory, cancellationToken);

    // The seed's client and server take turns, so a client that is ahead is the attacker's own.
    private static async Task<AttackReport> AheadAsync(Laboratory laboratory, CancellationToken cancellationToken)
    {
        using SeedWireClient client = new(laboratory.Victim);
        await using FrameStream connection = await laboratory.ConnectRawAsync(cancellationToken);
        await connection.WriteAsync(client.Seal(10, 0, $"Hello from client {laboratory.Victim}"), cancellationToken);
        List<byte[]> fromServer = [await connection.ReadAsync(cancellationToken) ?? throw new SampleException("the server did not answer a right hello")];
        client.Seal(WireFormat.DataOpcode, 1, "never sent");
        await connection.WriteAsync(client.Seal(WireFormat.DataOpcode, 1, Message), cancellationToken);
        (List<byte[]> frames, bool ended) = await Laboratory.ListenAsync(connection, cancellationToken);
        return laboratory.Judge("a message under keys one step ahead", [.. fromServer, .. frames], answersOwed: 0, forged: [Message], ended);
    }

    private static async Task<AttackReport> LostAsync(Laboratory laboratory, CancellationToken cancellationToken)
    {
        int first = laboratory.Format.ClientFramesBeforeData;
        await using ManInTheMiddle wire = laboratory.Intercept((toServer, index, frame) =>
        {
            if (!toServer || index < first)
                return [frame];
            laboratory.Format.SetRound(frame, laboratory.Format.Round(frame) - 1);
            return index == first ? [] : [frame];
        });
        await laboratory.SendTwoAtOnceAsync(wire.Endpoint, "lost", Message, cancellationToken);
        bool ended = await Laboratory.HasEndedAsync(wire.ServerEnded, cancellationToken);
        return laboratory.Judge("a message under keys one step ahead", wire.FromServer, answersOwed: 0, forged: [Message], ended);
    }
}
