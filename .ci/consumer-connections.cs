using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Connections;
using SymRatchet;
using SymRatchet.Connections;

// Two pipelines of connections in a program that has nothing else of ASP.NET Core, joined in memory.
using PreSharedKey key = PreSharedKey.Generate("sensor-17");
using InMemoryKeyStore keys = new(ChannelRole.Server);
keys.Add(key);
Pipe forth = new(),
    back = new();
DefaultConnectionContext server = new("server") { Transport = new Duplex(forth.Reader, back.Writer) };
DefaultConnectionContext client = new("client") { Transport = new Duplex(back.Reader, forth.Writer) };
ConnectionBuilder inbound = new(new NoServices()),
    outbound = new(new NoServices());

inbound
    .UseSymRatchet(new SecureChannelServerOptions { Keys = keys })
    .Run(async connection =>
        await connection.Transport.Output.WriteAsync(
            Encoding.ASCII.GetBytes($"you are {connection.GetSymRatchetPeer()!.ClientId}")
        )
    );
outbound
    .UseSymRatchetClient(_ => new SecureChannelClientOptions { Key = key })
    .Run(async connection =>
    {
        using StreamReader reader = new(connection.Transport.Input.AsStream());
        Console.WriteLine(await reader.ReadToEndAsync());
    });
await Task.WhenAll(inbound.Build()(server), outbound.Build()(client));

sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;

sealed class NoServices : IServiceProvider
{
    public object? GetService(Type serviceType) => null;
}
