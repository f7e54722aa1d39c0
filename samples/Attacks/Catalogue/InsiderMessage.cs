using SymRatchet.Samples.Attacks.Lab;
using SymRatchet.Samples.Attacks.Wire;

namespace SymRatchet.Samples.Attacks.Catalogue;

/// <summary>
/// A client with the right keys breaks the rules: nothing but the check of the rule itself prevents it, since
/// every authenticator is right.
/// </summary>
internal sealed class InsiderMessage(
    string name,
    string how,
    string why,
    string sent,
    bool confirmed,
    Func<Insider, byte[]> message
) : IAttack
{
    internal const string Text = "43";

    public string Name => name;

    public string How => how;

    public string Why => why;

    public async Task<AttackReport> RunAsync(Laboratory laboratory, CancellationToken cancellationToken)
    {
        using StoredKey key = laboratory.KeyOf(laboratory.Victim).ImportFor(ChannelRole.Client);
        await using var insider = Insider.Of(
            laboratory.Protocol,
            key,
            await laboratory.ConnectRawAsync(cancellationToken)
        );
        await insider.GreetAsync(cancellationToken);
        if (confirmed)
            await insider.ConfirmAsync(cancellationToken);
        await insider.Connection.WriteAsync(message(insider), cancellationToken);
        (List<byte[]> frames, bool ended) = await insider.Connection.ListenAsync(cancellationToken);
        return laboratory.Judge(sent, frames, answersOwed: 0, forged: [Text], ended);
    }
}
