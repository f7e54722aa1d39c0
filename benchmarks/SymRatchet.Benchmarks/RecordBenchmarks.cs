using System.Security.Cryptography;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using SymRatchet.Primitives;
using SymRatchet.Ratchet;

namespace SymRatchet.Benchmarks;

/// <summary>
/// What one message costs: a ratchet step and a seal, for each suite, beside .NET's AES-256-GCM with one fixed key and no ratchet
/// at all, in the same run.
/// </summary>
[MemoryDiagnoser]
[GroupBenchmarksBy(BenchmarkLogicalGroupRule.ByParams)]
public class RecordBenchmarks
{
    private readonly byte[] _header = new byte[16];
    private readonly byte[] _nonce = new byte[12];
    private readonly AesGcm _fixedKey = new(new byte[32], 16);
    private SendRatchet _aegis = null!;
    private SendRatchet _gcm = null!;
    private SendRatchet _chaCha = null!;
    private byte[] _message = null!;
    private byte[] _body = null!;
    private ulong _round;

    [Params(64, 1024, 16384, 65536)]
    public int Size { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _aegis = new SendRatchet(CipherSuite.Get(CipherSuiteId.Aegis256), new byte[32]);
        _gcm = new SendRatchet(CipherSuite.Get(CipherSuiteId.Aes256Gcm), new byte[32]);
        _chaCha = new SendRatchet(CipherSuite.Get(CipherSuiteId.ChaCha20Poly1305), new byte[32]);
        _message = new byte[Size];
        _body = new byte[Size + 32];
    }

    [Benchmark(Baseline = true)]
    public void AesGcmWithAFixedKey()
    {
        System.Buffers.Binary.BinaryPrimitives.WriteUInt64BigEndian(_nonce.AsSpan(4), _round++);
        _fixedKey.Encrypt(_nonce, _message, _body.AsSpan(0, Size), _body.AsSpan(Size, 16), _header);
    }

    [Benchmark]
    public void Aegis256() => _aegis.Seal(_aegis.Round, _header, _message, _body.AsSpan(0, Size + 32));

    [Benchmark]
    public void Aes256Gcm() => _gcm.Seal(_gcm.Round, _header, _message, _body.AsSpan(0, Size + 16));

    [Benchmark]
    public void ChaCha20Poly1305() => _chaCha.Seal(_chaCha.Round, _header, _message, _body.AsSpan(0, Size + 16));
}
