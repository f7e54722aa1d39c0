using System.Text;
using SymRatchet.Samples.Attacks.Lab;
using SymRatchet.Samples.Attacks.Wire;

namespace SymRatchet.Samples.Attacks.Catalogue;

internal sealed class StolenKey : IAttack
{
    private const string Secret = "67 is the secret of a session long ago";

    public string Name => "stolen-key";

    public string How =>
        "All traffic is recorded; after the session the attacker copies the server's key store and\n"
        + "tries to open the recording. As a check of his tools he also tries a copy from before.";

    public string Why =>
        "v1's stores have forgotten the epoch before the first byte of data; seed has one key for ever.";

    public bool NeedsInside => true;

    public Verdict Expected(ChannelProtocol protocol) =>
        protocol == ChannelProtocol.Seed ? Verdict.Accepted : Verdict.Refused;

    public async Task<AttackReport> RunAsync(Laboratory laboratory, CancellationToken cancellationToken)
    {
        SecureChannelClientOptions client = new()
        {
            Protocol = laboratory.Protocol,
            Key = laboratory.KeyOf(laboratory.Victim),
            Suites = [CipherSuiteId.Aes256Gcm],
        };

        // After a first session both ends are in one epoch, so the tools need not catch up.
        await Laboratory.VisitAsync(laboratory.Server, client, ["1"], cancellationToken);
        using StoredKey before = laboratory.ServerStore.Copy(laboratory.Victim);
        (IReadOnlyList<byte[]> fromClient, IReadOnlyList<byte[]> fromServer) = await laboratory.RecordAsync(
            client,
            [Secret],
            cancellationToken
        );
        using StoredKey after = laboratory.ServerStore.Copy(laboratory.Victim);
        if (Open(laboratory.Protocol, before, fromClient, fromServer) != Secret)
            throw new SampleException("the attacker's tools do not open a recording even with the right key");

        string sent =
            $"nothing; {fromClient.Count + fromServer.Count} recorded frames, and a key of epoch {after.Epoch}";
        return Open(laboratory.Protocol, after, fromClient, fromServer) == Secret
            ? new AttackReport(sent, "the recording opened", Verdict.Accepted)
            : new AttackReport(sent, "the recording stayed closed", Verdict.Refused)
            {
                Measured = $"a copy from before (epoch {before.Epoch}) opens it",
            };
    }

    private static string? Open(
        ChannelProtocol protocol,
        StoredKey key,
        IReadOnlyList<byte[]> fromClient,
        IReadOnlyList<byte[]> fromServer
    )
    {
        byte[]? opened;
        if (protocol == ChannelProtocol.Seed)
        {
            SeedChain chain = new(key.EpochKey);
            opened = chain.Open(fromClient[0]) is null ? null : chain.Open(fromClient[1]);
        }
        else
        {
            (_, byte[] session) = V1Secrets.SessionOf(key.EpochKey.ToArray(), fromClient[0], fromServer[0]);
            opened = new V1Chain(session, "c2s").Open(fromClient[2]);
        }

        return opened is null ? null : Encoding.ASCII.GetString(opened);
    }
}
