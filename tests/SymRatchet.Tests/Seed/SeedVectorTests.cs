using SymRatchet.Seed;
using SymRatchet.Session;
using SymRatchet.TestKit;

namespace SymRatchet.Tests.Seed;

/// <summary>What the original system produced, byte for byte, in both roles.</summary>
public sealed class SeedVectorTests
{
    private const int SendBufferMargin = 100;

    public static TheoryData<byte> ClientIds => [.. SeedVectors.Sessions.Select(s => s.ClientId)];

    [Theory]
    [MemberData(nameof(ClientIds))]
    public void The_client_seals_and_opens_what_the_original_did(byte clientId) =>
        Replay(clientId, ChannelRole.Client, sends: SeedFrame.ClientToServer);

    [Theory]
    [MemberData(nameof(ClientIds))]
    public void The_server_seals_and_opens_what_the_original_did(byte clientId) =>
        Replay(clientId, ChannelRole.Server, sends: SeedFrame.ServerToClient);

    private static void Replay(byte clientId, ChannelRole role, byte sends)
    {
        SeedVectorSession vector = SeedVectors.Sessions.Single(s => s.ClientId == clientId);
        FixedRandom ivs = new(vector.Steps.Where(s => s.Direction == sends).Select(s => s.Iv));
        using SeedSession session = new(role, clientId, vector.MasterKey, maxRecordSize: 4096, ivs);
        AssertKeys(vector.InitialKeys, session);

        foreach (SeedVectorStep step in vector.Steps)
        {
            byte[] wire = [0, 0, 0, (byte)step.Frame.Length, .. step.Frame];
            if (step.Direction == sends)
            {
                byte[] buffer = new byte[wire.Length + SendBufferMargin];
                int written = session.Seal(step.Plaintext, buffer);
                Assert.Equal(wire, buffer[..written]);
                Assert.All(buffer[written..], b => Assert.Equal(0, b));
            }
            else
            {
                (OpenResult result, byte[] payload, _) = SeedPair.Open(session, wire);
                Assert.Equal(OpenStatus.Message, result.Status);
                Assert.Equal(step.Plaintext, payload);
            }

            AssertKeys(step.KeysAfter, session);
        }
    }

    private static void AssertKeys(SeedVectorKeys expected, SeedSession session) =>
        Assert.Equal(
            [expected.ClientEncryption, expected.ClientMac, expected.ServerEncryption, expected.ServerMac],
            SeedPair.Keys(session)
        );
}
