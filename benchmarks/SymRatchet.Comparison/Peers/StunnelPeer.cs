using System.Diagnostics;

namespace SymRatchet.Comparison.Peers;

/// <summary>stunnel with a pre-shared key: TLS from OpenSSL around programs that have none.</summary>
internal sealed class StunnelPeer : TunnelPeer
{
    internal override string Name => "stunnel-psk";

    internal override string? Missing => ExternalProgram.Missing("stunnel", "stunnel4");

    private protected override Process Start(bool client, int listen, int target)
    {
        string secrets = Folder.PathOf("secrets");
        File.WriteAllText(secrets, $"benchmark:{Convert.ToHexString(RunSecret.Bytes)}\n");
        string settings = Folder.PathOf(client ? "client" : "server");
        File.WriteAllText(
            settings,
            $"""
            foreground = yes
            pid =
            debug = err
            socket = l:TCP_NODELAY=1
            socket = r:TCP_NODELAY=1
            [peer]
            client = {(client ? "yes" : "no")}
            accept = 127.0.0.1:{listen}
            connect = 127.0.0.1:{target}
            ciphers = PSK
            {(client ? "PSKidentity = benchmark" : "")}
            PSKsecrets = {secrets}

            """
        );
        return ExternalProgram.Start("stunnel", settings);
    }
}
