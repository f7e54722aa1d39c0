using BenchmarkDotNet.Attributes;
using SymRatchet.Crypto;
using SymRatchet.Seed;

namespace SymRatchet.Benchmarks;

/// <summary>
/// One round of the seed protocol: a message each way, sealed and opened, keys moved on. Its allocation is the
/// platform's AES.
/// </summary>
[MemoryDiagnoser]
public class SeedBenchmarks
{
    private SeedSession _client = null!;
    private SeedSession _server = null!;
    private byte[] _message = null!;
    private byte[] _frame = null!;
    private byte[] _opened = null!;

    [Params(64, 1024, 16384)]
    public int Size { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        byte[] key = "client7_master_k"u8.ToArray();
        _client = new SeedSession(ChannelRole.Client, 7, key, 1 << 20, RandomSource.System);
        _server = new SeedSession(ChannelRole.Server, 7, key, 1 << 20, RandomSource.System);
        _message = new byte[Size];
        _frame = new byte[_client.GetSealedLength(Size)];
        _opened = new byte[_client.GetOpenedLength(_frame.Length)];
        Round();
    }

    [Benchmark]
    public int Round()
    {
        _client.Seal(_message, _frame);
        int forth = _server.Open(_frame, _opened).Length;
        _server.Seal(_message, _frame);
        return forth + _client.Open(_frame, _opened).Length;
    }
}
