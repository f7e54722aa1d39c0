using BenchmarkDotNet.Attributes;

namespace SymRatchet.Benchmarks;

/// <summary>A whole handshake in memory, both ends and their close included.</summary>
[MemoryDiagnoser]
public class HandshakeBenchmarks
{
    private readonly InMemoryKeyStore _keys = new(ChannelRole.Server);
    private PreSharedKey _key = null!;

    [Params(ChannelProtocol.V1, ChannelProtocol.Seed)]
    public ChannelProtocol Protocol { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _key =
            Protocol == ChannelProtocol.Seed
                ? PreSharedKey.ForSeed(1, new byte[PreSharedKey.SeedKeySize])
                : PreSharedKey.Generate("benchmark");
        _keys.Add(_key);
    }

    [Benchmark]
    public async Task Handshake()
    {
        (MemoryWire clientEnd, MemoryWire serverEnd) = MemoryWire.CreatePair();
        ValueTask<ISecureChannel> accepting = SecureChannel.AcceptAsync(
            serverEnd,
            new SecureChannelServerOptions
            {
                Keys = _keys,
                Protocol = Protocol,
                HandshakeLimiter = null,
            }
        );
        await using ISecureChannel client = await SecureChannel.ConnectAsync(
            clientEnd,
            new SecureChannelClientOptions { Key = _key, Protocol = Protocol }
        );
        await using ISecureChannel server = await accepting;
    }
}
