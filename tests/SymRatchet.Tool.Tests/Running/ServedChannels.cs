using System.Net;

namespace SymRatchet.Tool.Tests.Running;

/// <summary>A server in the test's own process, and the credential of its one client.</summary>
internal sealed class ServedChannels : IAsyncDisposable
{
    private readonly PreSharedKey _key = PreSharedKey.Generate(ToolFolder.Name);
    private readonly InMemoryKeyStore _store = new(ChannelRole.Server);
    private readonly SecureChannelListener _listener;
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _serving;

    /// <param name="folder">Where the credential is written.</param>
    /// <param name="handler">What it does with each channel; disposed when the handler returns.</param>
    /// <param name="local">Where it listens; null for a port of its own.</param>
    internal ServedChannels(
        ToolFolder folder,
        Func<ISecureChannel, CancellationToken, Task> handler,
        EndPoint? local = null
    )
    {
        Credential = folder.PathOf("client.credential");
        _key.WriteCredentialFile(Credential);
        _store.Add(_key);
        _listener = SecureChannelListener.Listen(
            local ?? new IPEndPoint(IPAddress.Loopback, 0),
            new SecureChannelServerOptions { Keys = _store }
        );
        _serving = _listener.ServeAsync(handler, _ending.Token);
    }

    internal string Credential { get; }

    internal string Address => _listener.LocalEndPoint.ToString()!;

    /// <summary>Sends back whatever comes, and ends after its peer has ended.</summary>
    internal static async Task EchoAsync(ISecureChannel channel, CancellationToken cancellationToken)
    {
        SecureChannelStream stream = channel.AsStream(leaveOpen: true);
        await stream.CopyToAsync(stream, cancellationToken);
        await stream.CompleteWritesAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _serving;
        await _listener.DisposeAsync();
        _ending.Dispose();
        _store.Dispose();
        _key.Dispose();
    }
}
