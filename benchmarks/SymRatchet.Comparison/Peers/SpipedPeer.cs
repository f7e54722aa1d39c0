using System.Diagnostics;

namespace SymRatchet.Comparison.Peers;

/// <summary>
/// spiped: a symmetric key, a Diffie-Hellman exchange, AES-128-CTR with HMAC-SHA256 in frames of 1 KiB.
/// </summary>
internal sealed class SpipedPeer : TunnelPeer
{
    internal override string Name => "spiped";

    internal override string? Missing => ExternalProgram.Missing("spiped", "spiped");

    private protected override Process Start(bool client, int listen, int target)
    {
        string key = Folder.PathOf("key");
        File.WriteAllBytes(key, RunSecret.Bytes);
        return ExternalProgram.Start(
            "spiped",
            client ? "-e" : "-d",
            "-F",
            "-n", // no limit on connections; the default is 100
            "0",
            "-s",
            $"[127.0.0.1]:{listen}",
            "-t",
            $"[127.0.0.1]:{target}",
            "-k",
            key
        );
    }
}
