using System.Net;
using System.Net.Sockets;

namespace SymRatchet.Samples.Forwarder;

/// <summary>
/// Carries the connections of any program over channels: one of these takes them beside the program's client and one
/// gives them on beside its server. One connection of the program is one channel.
/// </summary>
internal sealed class Forwarder(IKeyStore keys, EndPoint to, ClientId? clientId = null)
{
    /// <summary>Where it listens, once it runs.</summary>
    internal EndPoint? LocalEndPoint { get; private set; }

    /// <summary>Takes plain connections and gives them on as channels.</summary>
    internal async Task RunClientAsync(EndPoint local, CancellationToken stopping)
    {
        SecureChannelClientOptions options = new() { Keys = keys, ClientId = clientId };
        using Socket listener = new(local.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(local);
        listener.Listen();
        LocalEndPoint = listener.LocalEndPoint;
        while (true)
            _ = ToChannelAsync(await listener.AcceptAsync(stopping), options, stopping);
    }

    /// <summary>Takes channels and gives them on as plain connections.</summary>
    internal async Task RunServerAsync(EndPoint local, CancellationToken stopping)
    {
        SecureChannelServerOptions options = new() { Keys = keys };
        await using SecureChannelListener listener = SecureChannelListener.Listen(local, options);
        LocalEndPoint = listener.LocalEndPoint;
        await listener.ServeAsync(ToPlainAsync, stopping);
    }

    private async Task ToChannelAsync(Socket plain, SecureChannelClientOptions options, CancellationToken stopping)
    {
        try
        {
            #region glue: dial
            ISecureChannel channel = await SecureChannel.ConnectAsync(to, options, stopping);
            #endregion
            #region glue: relay
            await SecureChannelRelay.RunAsync(plain, channel, stopping);
            #endregion
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            plain.Close(timeout: 0); // a reset: an orderly end would look like a complete answer of nothing
            await Console.Error.WriteLineAsync(e.Message);
        }
    }

    private async Task ToPlainAsync(ISecureChannel channel, CancellationToken stopping)
    {
        using Socket plain = new(to.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await plain.ConnectAsync(to, stopping);
            await SecureChannelRelay.RunAsync(plain, channel, stopping);
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
        {
            await channel.DisposeAsync(); // not closed: its peer sees an error
            await Console.Error.WriteLineAsync(e.Message);
        }
    }
}
