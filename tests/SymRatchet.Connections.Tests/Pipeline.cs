using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using SymRatchet.TestKit;

namespace SymRatchet.Connections.Tests;

/// <summary>Connections and pipelines without any server: as a pool or a program's own dialer has them.</summary>
internal static class Pipeline
{
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static readonly SocketConnectionContextFactory Sockets = new(
        new SocketConnectionFactoryOptions(),
        NullLogger<SocketConnectionContextFactory>.Instance
    );

    internal static ConnectionDelegate Build(Action<IConnectionBuilder> configure, ConnectionDelegate handler)
    {
        ConnectionBuilder builder = new(new ServiceCollection().BuildServiceProvider());
        configure(builder);
        builder.Use(_ => handler);
        return builder.Build();
    }

    internal static ConnectionDelegate Client(string id, ConnectionDelegate handler) =>
        Build(builder => builder.UseSymRatchetClient(Keys.Client(id)), handler);

    internal static async Task<ConnectionContext> DialAsync(EndPoint remote)
    {
        Socket socket = new(remote.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(remote);
        return Sockets.Create(socket);
    }

    /// <summary>Dials, runs the pipeline to its end, and disposes the connection, as a pool does.</summary>
    internal static async Task RunAsync(this ConnectionDelegate pipeline, EndPoint remote)
    {
        ConnectionContext connection = await DialAsync(remote);
        await using (connection)
            await pipeline(connection).WaitAsync(Patience);
    }

    /// <summary>A connection in memory: aborting it cancels its token and nothing else.</summary>
    internal static DefaultConnectionContext InMemory(out PipePair pipes)
    {
        pipes = new PipePair();
        return new DefaultConnectionContext("in memory", pipes.Client, pipes.Server);
    }
}
