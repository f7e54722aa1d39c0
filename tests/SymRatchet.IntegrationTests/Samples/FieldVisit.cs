using System.Buffers;
using System.Net.Sockets;
using System.Text;
using SymRatchet.IntegrationTests.Processes;

namespace SymRatchet.IntegrationTests.Samples;

/// <summary>
/// A client in this process at a server in another, through the library; the wire is at hand for whoever wants to spoil
/// it.
/// </summary>
internal sealed class FieldVisit : IAsyncDisposable
{
    private readonly ArrayBufferWriter<byte> _answer = new();

    private FieldVisit(NetworkStream wire, ISecureChannel channel)
    {
        Wire = wire;
        Channel = channel;
    }

    internal NetworkStream Wire { get; }

    internal ISecureChannel Channel { get; }

    /// <summary>Connects with the key that the demonstration gives to this client.</summary>
    internal static async Task<FieldVisit> ConnectAsync(ServerProcess server, byte id)
    {
        using var key = PreSharedKey.ForSeed(id, Encoding.ASCII.GetBytes($"client{id}_master_k"));
        return await ConnectAsync(server, key);
    }

    internal static async Task<FieldVisit> ConnectAsync(ServerProcess server, PreSharedKey key)
    {
        NetworkStream wire = await server.ConnectAsync();
        ISecureChannel channel = await SecureChannel.ConnectAsync(
            wire,
            new SecureChannelClientOptions { Protocol = key.Protocol, Key = key }
        );
        return new FieldVisit(wire, channel);
    }

    /// <summary>One round; null where the server closed instead of answering.</summary>
    internal async Task<string?> RoundAsync(string contribution)
    {
        await Channel.SendAsync(Encoding.ASCII.GetBytes(contribution));
        _answer.ResetWrittenCount();
        return await Channel.ReceiveAsync(_answer) ? Encoding.ASCII.GetString(_answer.WrittenSpan) : null;
    }

    public ValueTask DisposeAsync() => Channel.DisposeAsync();
}
