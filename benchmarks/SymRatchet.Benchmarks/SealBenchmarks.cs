using System.Buffers.Binary;
using System.Security.Cryptography;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using NSec.Cryptography;
using SymRatchet.Crypto;
using SymRatchet.Protocol1;

namespace SymRatchet.Benchmarks;

/// <summary>
/// What sealing one message costs, the ratchet step included, beside what others do in the same run: one fixed key and
/// no ratchet at all, a new AES-GCM key for each message, and a libsodium AEAD with a running nonce, as its
/// secretstream works.
/// </summary>
[MemoryDiagnoser]
[GroupBenchmarksBy(BenchmarkLogicalGroupRule.ByParams)]
public class SealBenchmarks
{
    private readonly byte[] _header = new byte[16];
    private readonly byte[] _nonce = new byte[12];
    private readonly byte[] _longNonce = new byte[24];
    private readonly byte[] _newKey = new byte[32];
    private readonly AesGcm _fixedKey = new(new byte[32], 16);
    private readonly SendRatchet _aegis = new(CipherSuite.Get(CipherSuiteId.Aegis256), new byte[32]);
    private readonly SendRatchet _gcm = new(CipherSuite.Get(CipherSuiteId.Aes256Gcm), new byte[32]);
    private readonly SendRatchet _chaCha = new(CipherSuite.Get(CipherSuiteId.ChaCha20Poly1305), new byte[32]);
    private readonly Key _stream = Key.Create(AeadAlgorithm.XChaCha20Poly1305);
    private byte[] _message = null!;
    private byte[] _body = null!;
    private ulong _round;

    [Params(64, 1024, 16384, 65536)]
    public int Size { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _message = new byte[Size];
        _body = new byte[Size + CipherSuite.MaxTagSize];
    }

    [Benchmark(Baseline = true)]
    public void AesGcmWithAFixedKey()
    {
        BinaryPrimitives.WriteUInt64BigEndian(_nonce.AsSpan(4), _round++);
        _fixedKey.Encrypt(_nonce, _message, _body.AsSpan(0, Size), _body.AsSpan(Size, 16), _header);
    }

    [Benchmark]
    public void AesGcmWithANewKeyForEachMessage()
    {
        BinaryPrimitives.WriteUInt64BigEndian(_newKey, _round++);
        using AesGcm aead = new(_newKey, 16);
        aead.Encrypt(_nonce, _message, _body.AsSpan(0, Size), _body.AsSpan(Size, 16), _header);
    }

    [Benchmark]
    public void LibsodiumStreamThroughNSec()
    {
        BinaryPrimitives.WriteUInt64BigEndian(_longNonce.AsSpan(16), _round++);
        AeadAlgorithm.XChaCha20Poly1305.Encrypt(_stream, _longNonce, _header, _message, _body.AsSpan(0, Size + 16));
    }

    [Benchmark]
    public void Aegis256() => _aegis.Seal(_aegis.Round, _header, _message, _body.AsSpan(0, Size + 32));

    [Benchmark]
    public void Aes256Gcm() => _gcm.Seal(_gcm.Round, _header, _message, _body.AsSpan(0, Size + 16));

    [Benchmark]
    public void ChaCha20Poly1305() => _chaCha.Seal(_chaCha.Round, _header, _message, _body.AsSpan(0, Size + 16));
}
