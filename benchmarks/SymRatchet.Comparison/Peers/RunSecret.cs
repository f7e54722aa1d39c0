using System.Security.Cryptography;

namespace SymRatchet.Comparison.Peers;

/// <summary>A secret of one run, which the server's process inherits in its environment.</summary>
internal static class RunSecret
{
    internal const string Variable = "SYMRATCHET_PEERS_SECRET";

    internal static byte[] Bytes { get; } =
        Environment.GetEnvironmentVariable(Variable) is { } inherited
            ? Convert.FromHexString(inherited)
            : RandomNumberGenerator.GetBytes(32);
}
