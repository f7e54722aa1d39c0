using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using SymRatchet.Comparison.Peers;

namespace SymRatchet.Comparison.Storm;

/// <summary>A key for each client, which every process of a run makes from the run's secret.</summary>
internal static class StormKeys
{
    internal static string IdOf(int client) => string.Create(CultureInfo.InvariantCulture, $"storm-{client}");

    internal static PreSharedKey KeyOf(int client)
    {
        byte[] number = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(number, client);
        return PreSharedKey.Import(IdOf(client), HMACSHA256.HashData(RunSecret.Bytes, number));
    }
}
