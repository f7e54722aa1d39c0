using System.Text.Json;
using SymRatchet.Crypto;
using SymRatchet.Protocol1;
using SymRatchet.TestKit;

namespace SymRatchet.Tests.Protocol1;

/// <summary>
/// docs/vectors/v1-records.json: four records of one direction in each suite, computed by other programs (the reference
/// implementation of the AEGIS draft, and OpenSSL), with the keys of every step.
/// </summary>
public sealed class RecordVectorTests
{
    public static TheoryData<CipherSuiteId> Suites => [.. CipherSuite.All.Select(suite => suite.Id)];

    [Theory]
    [MemberData(nameof(Suites))]
    [Requirement("R2.1-1", "R6.1-3", "R6.1-4", "R6.2-1", "R10-1")]
    public void Each_step_yields_the_keys_and_each_key_the_body(CipherSuiteId id)
    {
        CipherSuite suite = CipherSuite.Get(id);
        foreach (JsonElement record in Records(id))
        {
            byte[] keys = new byte[CipherSuite.StepSize];
            suite.Step(Labels.Step, Hex(record, "chain_key"), Hex(record, "previous_tag"), keys);
            Assert.Equal([.. Hex(record, "next_chain_key"), .. Hex(record, "message_key")], keys);

            byte[] plaintext = Hex(record, "plaintext"),
                body = new byte[plaintext.Length + suite.TagSize];
            suite.Seal(
                Hex(record, "message_key"),
                record.GetProperty("round").GetUInt64(),
                Hex(record, "header"),
                plaintext,
                body
            );
            Assert.Equal(Hex(record, "body"), body);
        }
    }

    [Theory]
    [MemberData(nameof(Suites))]
    [Requirement("R6.1-1", "R6.1-2", "R6.2-1", "R10-1")]
    public void The_ratchets_of_both_ends_run_through_them(CipherSuiteId id)
    {
        CipherSuite suite = CipherSuite.Get(id);
        IReadOnlyList<JsonElement> records = Records(id);
        using SendRatchet sending = new(suite, Hex(records[0], "chain_key"));
        using ReceiveRatchet receiving = new(suite, Hex(records[0], "chain_key"));
        foreach (JsonElement record in records)
        {
            ulong round = record.GetProperty("round").GetUInt64();
            byte[] header = Hex(record, "header"),
                plaintext = Hex(record, "plaintext"),
                expected = Hex(record, "body");
            byte[] body = new byte[expected.Length],
                opened = new byte[plaintext.Length];
            Assert.Equal((round, round), (sending.Round, receiving.Round));

            sending.Seal(round, header, plaintext, body);
            Assert.Equal(expected, body);
            Assert.True(receiving.Open(round, header, expected, opened));
            Assert.Equal(plaintext, opened);
            Assert.Equal(Hex(record, "next_chain_key"), sending.ChainKey.ToArray());
            Assert.Equal(Hex(record, "next_chain_key"), receiving.ChainKey.ToArray());
        }
    }

    private static IReadOnlyList<JsonElement> Records(CipherSuiteId id)
    {
        JsonElement root = JsonElement.Parse(File.ReadAllText(Repository.PathOf("docs", "vectors", "v1-records.json")));
        JsonElement suite = root.GetProperty("suites")
            .EnumerateArray()
            .Single(s => s.GetProperty("suite").GetInt32() == (int)id);
        Assert.Equal(id.ToString(), suite.GetProperty("name").GetString());
        return [.. suite.GetProperty("records").EnumerateArray()];
    }

    private static byte[] Hex(JsonElement element, string name) =>
        Convert.FromHexString(element.GetProperty(name).GetString()!);
}
