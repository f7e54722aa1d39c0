using System.Net;
using Microsoft.AspNetCore.Connections;
using SymRatchet.Connections;

namespace SymRatchet.Documents.Tests.Examples;

/// <summary>Compiled here; run, with the cluster of docs/aspnetcore.md, where the package is tested.</summary>
internal static class ConnectionExamples
{
    internal static void Both(
        IConnectionBuilder builder,
        IKeyStore keys,
        Dictionary<EndPoint, SecureChannelClientOptions> options
    )
    {
        // Inbound. The rest of the pipeline gets only connections of authenticated clients.
        builder.UseSymRatchet(new SecureChannelServerOptions { Keys = keys });

        // Outbound, with a key for each remote end.
        builder.UseSymRatchetClient(connection => options[connection.RemoteEndPoint!]);
    }
}
