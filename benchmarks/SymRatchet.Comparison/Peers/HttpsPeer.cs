using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace SymRatchet.Comparison.Peers;

/// <summary>HTTP over Kestrel's own TLS 1.3.</summary>
internal sealed class HttpsPeer : HttpPeer
{
    private readonly PinnedTls _tls = new();

    internal override string Name => "https";

    internal override string Credential => _tls.Credential;

    private protected override string Scheme => "https";

    private protected override void Protect(ListenOptions listen)
    {
        System.Net.Security.SslServerAuthenticationOptions options = _tls.ServerOptions();
        listen.UseHttps(new TlsHandshakeCallbackOptions { OnConnection = _ => ValueTask.FromResult(options) });
    }

    private protected override SocketsHttpHandler CreateHandler(string credential) =>
        new() { SslOptions = PinnedTls.ClientOptions(credential) };
}
