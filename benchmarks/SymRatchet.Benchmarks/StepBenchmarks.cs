using BenchmarkDotNet.Attributes;
using SymRatchet.Crypto;
using SymRatchet.Protocol1;

namespace SymRatchet.Benchmarks;

/// <summary>
/// The ratchet step alone: from a chain key and the tag of the record before to the next chain key and a message key.
/// </summary>
[MemoryDiagnoser]
public class StepBenchmarks
{
    private readonly byte[] _keys = new byte[CipherSuite.StepSize];
    private ChainState _chain = null!;
    private byte[] _tag = null!;

    [Params(CipherSuiteId.Aegis256, CipherSuiteId.Aes256Gcm, CipherSuiteId.ChaCha20Poly1305)]
    public CipherSuiteId Suite { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var suite = CipherSuite.Get(Suite);
        _chain = new ChainState(suite, new byte[CipherSuite.KeySize]);
        _tag = new byte[suite.TagSize];
    }

    [Benchmark]
    public void Step()
    {
        _chain.Step(_keys);
        _chain.Advance(_keys.AsSpan(0, CipherSuite.KeySize), _tag);
    }
}
