using System.Diagnostics;
using System.Net;

namespace SymRatchet.Comparison.Peers;

/// <summary>
/// TLS 1.3 over a pre-shared key by OpenSSL's own programs, in the one suite that they have for one. Each end is a
/// process with pipes to the program that is measured; the server's end serves one connection after the other and does
/// not tell them apart, so only what happens within one is measured.
/// </summary>
internal sealed class OpenSslPeer : WirePeer
{
    private const string Cipher = "TLS_AES_128_GCM_SHA256";

    private Process? _server;

    internal override string Name => "openssl-psk";

    internal override string? Missing => ExternalProgram.Missing("openssl", "openssl");

    internal override bool IsWithinItsProcess => false;

    internal override string? WhyNot(string scenario) =>
        scenario == "connect"
            ? "OpenSSL's programs make a process for each connection (s_client), or know no pre-shared key (s_time); "
                + "TLS over one is there as bouncycastle-psk"
            : null;

    internal override bool Fits(string scenario) => scenario is "stream-64KiB" or "messages-64B" or "pingpong-64B";

    internal override Task<PeerConnection> ConnectAsync(int port, string credential, IPAddress? from)
    {
        Process client = ExternalProgram.Start(
            "openssl",
            pipes: true,
            "s_client",
            "-quiet",
            "-tls1_3",
            "-ciphersuites",
            Cipher,
            "-connect",
            $"127.0.0.1:{port}",
            "-psk_identity",
            "benchmark",
            "-psk",
            Convert.ToHexString(RunSecret.Bytes)
        );
        return Task.FromResult<PeerConnection>(new PipedConnection(client));
    }

    internal override async Task<int> ListenAsync()
    {
        int port = ExternalProgram.FreePort();
        _server = ExternalProgram.Start(
            "openssl",
            pipes: true,
            "s_server",
            "-quiet",
            "-nocert",
            "-tls1_3",
            "-ciphersuites",
            Cipher,
            "-accept",
            $"127.0.0.1:{port}",
            "-psk_identity",
            "benchmark",
            "-psk",
            Convert.ToHexString(RunSecret.Bytes)
        );
        await ExternalProgram.WaitForAsync(port, _server);
        _ = ServeAsync(new PipedConnection(_server));
        return port;
    }

    public override async ValueTask DisposeAsync()
    {
        if (_server is not null)
            await ExternalProgram.EndAsync(_server);
    }
}
