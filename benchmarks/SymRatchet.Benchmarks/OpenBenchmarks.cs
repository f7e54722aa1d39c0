using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using SymRatchet.Crypto;
using SymRatchet.Protocol1;

namespace SymRatchet.Benchmarks;

/// <summary>
/// What opening one message costs, the ratchet step included. A record opens once only, so each call opens the same row
/// of them with a new ratchet.
/// </summary>
[MemoryDiagnoser]
[GroupBenchmarksBy(BenchmarkLogicalGroupRule.ByParams)]
public class OpenBenchmarks
{
    private const int Row = 256;

    private static readonly byte[] ChainKey = new byte[32];

    private readonly byte[] _header = new byte[16];
    private readonly byte[][] _bodies = new byte[Row][];
    private CipherSuite _suite = null!;
    private byte[] _message = null!;

    [Params(CipherSuiteId.Aegis256, CipherSuiteId.Aes256Gcm, CipherSuiteId.ChaCha20Poly1305)]
    public CipherSuiteId Suite { get; set; }

    [Params(64, 1024, 16384, 65536)]
    public int Size { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _suite = CipherSuite.Get(Suite);
        _message = new byte[Size];
        using SendRatchet sender = new(_suite, ChainKey);
        for (int i = 0; i < Row; i++)
            sender.Seal(sender.Round, _header, _message, _bodies[i] = new byte[Size + _suite.TagSize]);
    }

    [Benchmark(OperationsPerInvoke = Row)]
    public bool Open()
    {
        using ReceiveRatchet receiver = new(_suite, ChainKey);
        bool opened = true;
        foreach (byte[] body in _bodies)
            opened &= receiver.Open(receiver.Round, _header, body, _message);
        return opened ? true : throw new InvalidOperationException("A record did not open.");
    }
}
