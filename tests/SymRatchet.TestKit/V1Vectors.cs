using System.Text.Json;

namespace SymRatchet.TestKit;

/// <summary>
/// Reads docs/vectors/v1-schedule.json and v1-handshake.json, which a peer written from docs/protocol.md alone has
/// computed.
/// </summary>
internal static class V1Vectors
{
    internal static JsonElement Schedule { get; } = Read("v1-schedule.json");

    internal static IReadOnlyList<JsonElement> Handshakes { get; } =
    [.. Read("v1-handshake.json").GetProperty("handshakes").EnumerateArray()];

    internal static byte[] Hex(this JsonElement element, string name) =>
        Convert.FromHexString(element.GetProperty(name).GetString()!);

    internal static int Number(this JsonElement element, string name) => element.GetProperty(name).GetInt32();

    internal static IEnumerable<JsonElement> List(this JsonElement element, string name) =>
        element.GetProperty(name).EnumerateArray();

    private static JsonElement Read(string file) =>
        JsonElement.Parse(File.ReadAllText(Repository.PathOf("docs", "vectors", file)));
}
