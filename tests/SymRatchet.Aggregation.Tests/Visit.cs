using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using SymRatchet.TestKit;

namespace SymRatchet.Aggregation.Tests;

/// <summary>One client at a server, over a channel in memory.</summary>
internal sealed class Visit : IAsyncDisposable
{
    private readonly ChannelPair _channels;

    private Visit(ChannelPair channels, Task<SessionSummary> serving)
    {
        _channels = channels;
        Serving = serving;
    }

    internal ISecureChannel Client => _channels.Client;

    /// <summary>The server's side of the visit.</summary>
    internal Task<SessionSummary> Serving { get; }

    internal static async Task<Visit> StartAsync(
        AggregationServer server,
        byte id,
        ChannelProtocol protocol = ChannelProtocol.V1,
        PipeOptions? pipes = null,
        CancellationToken stopping = default
    )
    {
        byte[] secret = new byte[protocol == ChannelProtocol.Seed ? PreSharedKey.SeedKeySize : PreSharedKey.Size];
        secret.AsSpan().Fill(id);
        PreSharedKey key =
            protocol == ChannelProtocol.Seed
                ? PreSharedKey.ForSeed(id, secret)
                : PreSharedKey.Import(id.ToString(CultureInfo.InvariantCulture), secret);
        InMemoryKeyStore store = new(ChannelRole.Server);
        store.Add(key);
        ChannelPair channels = await ChannelPair.CreateAsync(
            new SecureChannelClientOptions { Protocol = protocol, Key = key },
            new SecureChannelServerOptions { Protocol = protocol, Keys = store },
            pipes
        );
        return new Visit(channels, server.ServeAsync(channels.Server, stopping));
    }

    /// <summary>A client of protocol 1 with a name.</summary>
    internal static async Task<Visit> StartAsync(AggregationServer server, string name)
    {
        PreSharedKey key = PreSharedKey.Import(name, new byte[PreSharedKey.Size]);
        InMemoryKeyStore store = new(ChannelRole.Server);
        store.Add(key);
        ChannelPair channels = await ChannelPair.CreateAsync(
            new SecureChannelClientOptions { Key = key },
            new SecureChannelServerOptions { Keys = store }
        );
        return new Visit(channels, server.ServeAsync(channels.Server));
    }

    internal async Task SendAsync(string contribution) => await Client.SendAsync(Encoding.UTF8.GetBytes(contribution));

    internal async Task<string?> ReceiveAsync()
    {
        byte[]? answer = await ChannelPair.ReceiveAsync(Client);
        return answer is null ? null : Encoding.ASCII.GetString(answer);
    }

    internal async Task<string?> RoundAsync(string contribution)
    {
        await SendAsync(contribution);
        return await ReceiveAsync();
    }

    public ValueTask DisposeAsync() => _channels.DisposeAsync();
}
