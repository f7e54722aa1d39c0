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
        // Whoever listens. The rest of the pipeline sees connections of clients that have proven their key.
        builder.UseSymRatchet(new SecureChannelServerOptions { Keys = keys });

        // Whoever dials, with a key for each remote.
        builder.UseSymRatchetClient(connection => options[connection.RemoteEndPoint!]);
    }
}
