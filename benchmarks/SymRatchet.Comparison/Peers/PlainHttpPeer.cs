using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace SymRatchet.Comparison.Peers;

/// <summary>HTTP without protection: the limit of the framework.</summary>
internal sealed class PlainHttpPeer : HttpPeer
{
    internal override string Name => "http";

    private protected override void Protect(ListenOptions listen) { }

    private protected override SocketsHttpHandler CreateHandler(string credential) => new();
}
