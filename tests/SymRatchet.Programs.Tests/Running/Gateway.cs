using System.Net;
using SymRatchet.Samples.Forwarder;

namespace SymRatchet.Programs.Tests.Running;

/// <summary>
/// The forwarder of the samples in front of a server that knows nothing of channels, and a client's key for it.
/// </summary>
internal sealed class Gateway : IAsyncDisposable
{
    private const string Client = "program";

    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _running;

    private Gateway(EndPoint server)
    {
        using PreSharedKey key = PreSharedKey.Generate(Client);
        InMemoryKeyStore serverKeys = new(ChannelRole.Server);
        serverKeys.Add(key);
        InMemoryKeyStore clientKeys = new(ChannelRole.Client);
        clientKeys.Add(key);
        Options = new SecureChannelClientOptions { Keys = clientKeys, ClientId = Client };
        Forwarder forwarder = new(serverKeys, server);
        _running = forwarder.RunServerAsync(new IPEndPoint(IPAddress.Loopback, 0), _stopping.Token);
        EndPoint = (IPEndPoint)forwarder.LocalEndPoint!;
    }

    internal IPEndPoint EndPoint { get; }

    internal SecureChannelClientOptions Options { get; }

    internal static Gateway To(EndPoint server) => new(server);

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _running.WaitAsync(Limit.Long);
        _stopping.Dispose();
    }
}
