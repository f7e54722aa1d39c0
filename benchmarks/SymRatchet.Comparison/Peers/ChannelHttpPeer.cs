using System.Security.Cryptography;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using SymRatchet.AspNetCore;
using SymRatchet.Connections;

namespace SymRatchet.Comparison.Peers;

/// <summary>HTTP over SymRatchet channels, with the keys of both ends in memory.</summary>
internal sealed class ChannelHttpPeer : HttpPeer
{
    private readonly PreSharedKey _key = PreSharedKey.Import("benchmark", SHA256.HashData(RunSecret.Bytes));

    internal override string Name => "symratchet-http";

    private protected override void Protect(ListenOptions listen)
    {
        InMemoryKeyStore keys = new(ChannelRole.Server);
        keys.Add(_key);
        listen.UseSymRatchet(new SecureChannelServerOptions { Keys = keys, HandshakeLimiter = null });
    }

    private protected override SocketsHttpHandler CreateHandler(string credential) =>
        new SocketsHttpHandler().UseSymRatchet(new SecureChannelClientOptions { Key = _key });
}
