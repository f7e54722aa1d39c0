using System.Security.Cryptography;
using SymRatchet.Samples.Attacks.Lab;
using SymRatchet.Samples.Attacks.Wire;

namespace SymRatchet.Samples.Attacks.Catalogue;

internal sealed class UnknownClient : IAttack
{
    private const byte Id = 213;

    public string Name => "unknown-client";

    public string How => "Somebody whom the server does not know connects with an id and a key\nthat he made up.";

    public async Task<AttackReport> RunAsync(Laboratory laboratory, CancellationToken cancellationToken)
    {
        byte[] madeUp = RandomNumberGenerator.GetBytes(PreSharedKey.Size);
        using PreSharedKey key = laboratory.Protocol == ChannelProtocol.Seed
            ? PreSharedKey.ForSeed(Id, madeUp.AsSpan(0, PreSharedKey.SeedKeySize))
            : PreSharedKey.Import("nobody", madeUp);
        await using ManInTheMiddle wire = laboratory.Intercept();
        await laboratory.VisitAsync(wire.Endpoint, key, ["19"], cancellationToken);
        bool ended = await Laboratory.HasEndedAsync(wire.ServerEnded, cancellationToken);
        return laboratory.Judge("a hello with a made-up key", wire.FromServer, answersOwed: 0, forged: ["19"], ended);
    }
}
