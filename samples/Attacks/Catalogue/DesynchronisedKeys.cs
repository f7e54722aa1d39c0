using SymRatchet.Samples.Attacks.Lab;
using SymRatchet.Samples.Attacks.Wire;

namespace SymRatchet.Samples.Attacks.Catalogue;

internal sealed class DesynchronisedKeys : IAttack
{
    private const string Message = "17";

    public string Name => "desynchronised-keys";

    public string How =>
        "A client whose keys are one step ahead of the server's sends a message with\n"
        + "the right round, as if a message before it had been lost on the way.";

    public string Why => "The keys of a message fit only right after the message before it.";

    public async Task<AttackReport> RunAsync(Laboratory laboratory, CancellationToken cancellationToken)
    {
        using StoredKey key = laboratory.KeyOf(laboratory.Victim).ImportFor(ChannelRole.Client);
        await using var client = Insider.Of(
            laboratory.Protocol,
            key,
            await laboratory.ConnectRawAsync(cancellationToken)
        );
        await client.GreetAsync(cancellationToken);
        await client.ConfirmAsync(cancellationToken);
        ulong next = client.Round;
        client.Seal(WireFormat.DataOpcode, next, "never sent");
        await client.Connection.WriteAsync(client.Seal(WireFormat.DataOpcode, next, Message), cancellationToken);
        (List<byte[]> frames, bool ended) = await client.Connection.ListenAsync(cancellationToken);
        return laboratory.Judge(
            "a message under keys one step ahead",
            frames,
            answersOwed: 0,
            forged: [Message],
            ended
        );
    }
}
