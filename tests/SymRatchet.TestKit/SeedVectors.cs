using System.Text.Json;

namespace SymRatchet.TestKit;

/// <summary>The recorded sessions of the original system, from docs/vectors/seed.json.</summary>
public static class SeedVectors
{
    public static IReadOnlyList<SeedVectorSession> Sessions { get; } = Load();

    private static List<SeedVectorSession> Load()
    {
        using JsonDocument document = JsonDocument.Parse(
            File.ReadAllText(Repository.PathOf("docs", "vectors", "seed.json"))
        );
        return
        [
            .. document
                .RootElement.GetProperty("sessions")
                .EnumerateArray()
                .Select(session => new SeedVectorSession(
                    session.GetProperty("client_id").GetByte(),
                    Hex(session, "master_key"),
                    Keys(session.GetProperty("initial_keys")),
                    [
                        .. session
                            .GetProperty("steps")
                            .EnumerateArray()
                            .Select(step => new SeedVectorStep(
                                step.GetProperty("direction").GetByte(),
                                Hex(step, "plaintext"),
                                Hex(step, "iv"),
                                Hex(step, "frame"),
                                Keys(step.GetProperty("keys_after"))
                            )),
                    ]
                )),
        ];
    }

    private static SeedVectorKeys Keys(JsonElement keys) =>
        new(Hex(keys, "c2s_enc"), Hex(keys, "c2s_mac"), Hex(keys, "s2c_enc"), Hex(keys, "s2c_mac"));

    private static byte[] Hex(JsonElement element, string name) =>
        Convert.FromHexString(element.GetProperty(name).GetString()!);
}

public sealed record SeedVectorSession(
    byte ClientId,
    byte[] MasterKey,
    SeedVectorKeys InitialKeys,
    IReadOnlyList<SeedVectorStep> Steps
);

public sealed record SeedVectorStep(
    byte Direction,
    byte[] Plaintext,
    byte[] Iv,
    byte[] Frame,
    SeedVectorKeys KeysAfter
);

public sealed record SeedVectorKeys(
    byte[] ClientEncryption,
    byte[] ClientMac,
    byte[] ServerEncryption,
    byte[] ServerMac
);
