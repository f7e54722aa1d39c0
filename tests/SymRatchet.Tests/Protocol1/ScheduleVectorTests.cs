using System.Text.Json;
using SymRatchet.Crypto;
using SymRatchet.Protocol1;
using SymRatchet.TestKit;

namespace SymRatchet.Tests.Protocol1;

/// <summary>
/// docs/vectors/v1-schedule.json: every key of protocol 1, from the pre-shared key to the key of a record.
/// </summary>
public sealed class ScheduleVectorTests
{
    public static TheoryData<int> Imports => [.. Enumerable.Range(0, V1Vectors.Schedule.List("imports").Count())];

    public static TheoryData<CipherSuiteId> Suites => [.. CipherSuite.All.Select(suite => suite.Id)];

    [Theory]
    [MemberData(nameof(Imports))]
    [Requirement("R3-5", "R3-7", "R10-1")]
    public void A_key_is_imported_and_walks_through_its_epochs(int number)
    {
        JsonElement vector = V1Vectors.Schedule.List("imports").ElementAt(number);
        byte[] extracted = new byte[32];
        Hkdf.Extract(vector.Hex("salt"), vector.Hex("psk"), extracted);
        Assert.Equal(vector.Hex("extracted_key"), extracted);

        byte[] identity = new byte[32],
            epochKey = new byte[32];
        EpochChain.Import(vector.Hex("psk"), vector.Hex("client_id"), vector.Hex("server_name"), identity, epochKey);
        Assert.Equal(vector.Hex("identity_key"), identity);
        AssertExpands(vector, identity, Labels.Hello, "identity_hello_key");
        AssertExpands(vector, identity, Labels.Challenge, "identity_challenge_key");

        int walked = 0;
        foreach (JsonElement epoch in vector.List("epochs"))
        {
            Assert.Equal(walked++, epoch.Number("epoch"));
            Assert.Equal(epoch.Hex("epoch_key"), epochKey);
            AssertExpands(epoch, epochKey, Labels.Hello, "hello_key");
            EpochChain.Walk(epochKey, 1);
        }

        Assert.Equal(4, walked);
    }

    [Theory]
    [MemberData(nameof(Suites))]
    [Requirement("R5.2-1", "R5.3-3", "R5.6-1", "R10-1")]
    public void A_session_of_each_epoch_has_these_secrets(CipherSuiteId id)
    {
        foreach (JsonElement vector in Sessions(id))
        {
            byte[] transcript = vector.Hex("transcript_hash"),
                secret = new byte[32];
            Hkdf.Expand(vector.Hex("epoch_key"), [.. Labels.Session, .. transcript], secret);
            Assert.Equal(vector.Hex("session_secret"), secret);
            AssertExpands(vector, secret, Labels.ServerFinished, "server_finished_key");
            AssertExpands(vector, secret, Labels.ClientFinished, "client_finished_key");

            using SessionSecrets secrets = new(vector.Hex("epoch_key"), transcript);
            Assert.Equal(vector.Hex("c2s_chain_key"), secrets.ClientToServerChain.ToArray());
            Assert.Equal(vector.Hex("s2c_chain_key"), secrets.ServerToClientChain.ToArray());

            byte[] mac = new byte[32],
                confirm = new byte[ClientConfirm.Size];
            secrets.ServerFinished(mac);
            Assert.Equal(vector.Hex("server_finished_mac"), mac);
            ClientConfirm.WriteHeader(confirm);
            secrets.ClientFinished(confirm.AsSpan(0, FrameHeader.Size), mac);
            Assert.Equal(vector.Hex("client_finished_mac"), mac);
        }
    }

    [Theory]
    [MemberData(nameof(Suites))]
    [Requirement("R6.1-1", "R6.1-2", "R6.1-3", "R6.1-4", "R10-1")]
    public void Each_step_of_a_chain_yields_these_keys(CipherSuiteId id)
    {
        var suite = CipherSuite.Get(id);
        foreach (JsonElement session in Sessions(id))
        {
            foreach (string direction in new[] { "c2s", "s2c" })
            {
                byte[] chainKey = session.Hex($"{direction}_chain_key"),
                    keys = new byte[CipherSuite.StepSize];
                foreach (JsonElement step in session.List($"{direction}_steps"))
                {
                    Assert.Equal(step.Hex("chain_key"), chainKey);
                    suite.Step(Labels.Step, chainKey, step.Hex("previous_tag"), keys);
                    Assert.Equal(step.Hex("message_key"), keys[32..]);
                    chainKey = keys[..32];
                    Assert.Equal(step.Hex("next_chain_key"), chainKey);
                }
            }
        }
    }

    private static JsonElement[] Sessions(CipherSuiteId id)
    {
        JsonElement suite = V1Vectors.Schedule.List("suites").Single(suite => suite.Number("suite") == (int)id);
        Assert.Equal(id.ToString(), suite.GetProperty("name").GetString());
        JsonElement[] sessions = [.. suite.List("sessions")];
        Assert.Equal([0, 1, 2, 3], sessions.Select(session => session.Number("epoch")));
        return sessions;
    }

    private static void AssertExpands(
        JsonElement vector,
        ReadOnlySpan<byte> key,
        ReadOnlySpan<byte> label,
        string expected
    )
    {
        byte[] derived = new byte[32];
        Hkdf.Expand(key, label, derived);
        Assert.Equal(vector.Hex(expected), derived);
    }
}
