using SymRatchet.TestKit;

namespace SymRatchet.Documents.Tests.Examples;

public sealed class SuiteExamples
{
    [Fact]
    public async Task The_server_s_preference_decides()
    {
        using PreSharedKey key = PreSharedKey.Generate("sensor-17");
        using InMemoryKeyStore keys = new(ChannelRole.Server);
        keys.Add(key);

        SecureChannelServerOptions options = new()
        {
            Keys = keys,
            Suites = [CipherSuiteId.ChaCha20Poly1305, CipherSuiteId.Aegis256],
        };

        await using ChannelPair pair = await ChannelPair.CreateAsync(new() { Key = key }, options);
        Assert.Equal(CipherSuiteId.ChaCha20Poly1305, pair.Client.Peer.Suite);
    }

    [Fact]
    public async Task One_client_can_be_held_to_one_suite()
    {
        using PreSharedKey key = PreSharedKey.Generate("sensor-17");
        using InMemoryKeyStore keys = new(ChannelRole.Server);
        keys.Add(key);

        await keys.RestrictAsync("sensor-17", [CipherSuiteId.Aes256Gcm]);

        await using ChannelPair pair = await ChannelPair.CreateAsync(
            new SecureChannelClientOptions { Key = key },
            new SecureChannelServerOptions { Keys = keys }
        );
        Assert.Equal(CipherSuiteId.Aes256Gcm, pair.Server.Peer.Suite);
    }

    [Theory]
    [InlineData(CipherSuiteId.Aegis256, 48)]
    [InlineData(CipherSuiteId.Aes256Gcm, 32)]
    [InlineData(CipherSuiteId.ChaCha20Poly1305, 32)]
    public async Task A_message_costs_what_the_guide_says(CipherSuiteId suite, int overhead)
    {
        Assert.Contains(
            File.ReadLines(Repository.PathOf("docs", "choosing-a-suite.md")),
            line =>
                line.StartsWith($"| `{suite}`", StringComparison.Ordinal)
                && line.Contains($"| {overhead} bytes |", StringComparison.Ordinal)
        );
        SecureChannelClientOptions client = ChannelPair.ClientOptions(ChannelProtocol.V1);
        client.Suites = [suite];
        PipePair pipes = new();
        RecordingPipe recorded = new(pipes.Client);
        await using ChannelPair pair = await ChannelPair.OverAsync(
            recorded,
            pipes.Server,
            client,
            ChannelPair.ServerOptions(ChannelProtocol.V1)
        );
        int before = recorded.Sent.Length;
        await pair.Client.SendAsync(new byte[100]);
        Assert.Equal(100 + overhead, recorded.Sent.Length - before);
    }
}
