using System.Text.Json;
using SymRatchet.TestKit;

namespace SymRatchet.Tests.Crypto;

/// <summary>The files of test vectors beside this one: what others published about the primitives.</summary>
internal static class PublishedVectors
{
    internal static IReadOnlyList<IReadOnlyDictionary<string, string>> Read(string file)
    {
        string path = Repository.PathOf("tests", "SymRatchet.Tests", "Crypto", "Vectors", file);
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(path));
        return
        [
            .. document
                .RootElement.GetProperty("cases")
                .EnumerateArray()
                .Select(one =>
                    one.EnumerateObject().ToDictionary(field => field.Name, field => field.Value.GetString()!)
                ),
        ];
    }

    internal static byte[] Hex(this IReadOnlyDictionary<string, string> one, string field) =>
        Convert.FromHexString(one[field]);
}
