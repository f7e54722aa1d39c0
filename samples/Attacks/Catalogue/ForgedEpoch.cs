using System.Security.Cryptography;
using SymRatchet.Samples.Attacks.Lab;
using SymRatchet.Samples.Attacks.Wire;

namespace SymRatchet.Samples.Attacks.Catalogue;

internal sealed class ForgedEpoch : IAttack
{
    private const int Ahead = 100;

    public string Name => "forged-epoch";

    public string How =>
        "An attacker who learnt the identity's lasting key, but no root key, claims to be a hundred epochs ahead, to "
        + "drive the server's store there. On seed he has an invented key and a far round.";

    public string Why => "A store is moved only for a hello that proves the root key of the epoch that it claims.";

    public bool NeedsInside => true;

    public async Task<AttackReport> RunAsync(Laboratory laboratory, CancellationToken cancellationToken)
    {
        using StoredKey before = laboratory.ServerStore.Copy(laboratory.Victim);
        using StoredKey forged = new(
            before.Protocol,
            ChannelRole.Client,
            before.Id,
            before.Evolution,
            before.IdentityKey,
            laboratory.Protocol == ChannelProtocol.Seed ? 0 : before.Epoch + Ahead,
            RandomNumberGenerator.GetBytes(before.EpochKey.Length)
        );
        await using FrameStream connection = await laboratory.ConnectRawAsync(cancellationToken);
        byte[] hello =
            laboratory.Protocol == ChannelProtocol.Seed
                ? new SeedInsider(forged, connection).Seal(Insider.HelloOpcode, Ahead, "Hello")
                : new V1Insider(forged, connection).Hello();
        await connection.WriteAsync(hello, cancellationToken);
        (List<byte[]> frames, bool ended) = await connection.ListenAsync(cancellationToken);

        using StoredKey after = laboratory.ServerStore.Copy(laboratory.Victim);
        AttackReport report = laboratory.Judge(
            $"the hello is {Ahead} epochs ahead",
            frames,
            answersOwed: 0,
            forged: [],
            ended
        );
        return after.Epoch == before.Epoch
            ? report with
            {
                Measured = $"the store stayed in epoch {after.Epoch}",
            }
            : report with
            {
                Verdict = Verdict.Accepted,
                Did = $"moved its store from epoch {before.Epoch} to {after.Epoch}",
            };
    }
}
