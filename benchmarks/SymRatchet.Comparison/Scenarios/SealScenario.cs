using System.Buffers.Binary;
using System.Diagnostics;
using System.Security.Cryptography;
using SymRatchet.Comparison.Running;
using SymRatchet.Crypto;
using SymRatchet.Protocol1;

namespace SymRatchet.Comparison.Scenarios;

/// <summary>
/// Sealing one message, with the ratchet step where there is a ratchet, in this process and on one thread.
/// </summary>
internal sealed class SealScenario(int size) : Scenario
{
    internal const string FixedKey = "aesgcm-fixed-key";

    internal override string Name => $"seal-{size}";

    internal override string Unit => "ns";

    internal override string? Thing => "message";

    internal override IEnumerable<string> Peers =>
        ["symratchet-aegis256", "symratchet-aes256gcm", "symratchet-chacha20poly1305", FixedKey];

    internal override Task<IMeasurement> PrepareAsync(string peer) =>
        Task.FromResult<IMeasurement>(
            peer switch
            {
                FixedKey => new FixedKeySeal(size),
                "symratchet-aegis256" => new RatchetSeal(CipherSuiteId.Aegis256, size),
                "symratchet-aes256gcm" => new RatchetSeal(CipherSuiteId.Aes256Gcm, size),
                _ => new RatchetSeal(CipherSuiteId.ChaCha20Poly1305, size),
            }
        );

    private abstract class Seal : IMeasurement
    {
        private const int Batch = 256;

        public Task<Measured> MeasureAsync(TimeSpan time) =>
            Task.Run(() =>
            {
                long started = Stopwatch.GetTimestamp();
                long messages = 0;
                while (Stopwatch.GetElapsedTime(started) < time)
                {
                    for (int i = 0; i < Batch; i++)
                        Once();
                    messages += Batch;
                }

                return new Measured(Stopwatch.GetElapsedTime(started).TotalNanoseconds / messages, messages);
            });

        public Task<TimeSpan?> CpuAsync() => Task.FromResult<TimeSpan?>(ProcessUse.CpuTime);

        public abstract ValueTask DisposeAsync();

        private protected abstract void Once();
    }

    private sealed class RatchetSeal(CipherSuiteId suite, int size) : Seal
    {
        private readonly SendRatchet _ratchet = new(CipherSuite.Get(suite), new byte[32]);
        private readonly byte[] _header = new byte[16];
        private readonly byte[] _message = new byte[size];
        private readonly byte[] _body = new byte[size + CipherSuite.Get(suite).TagSize];

        public override ValueTask DisposeAsync()
        {
            _ratchet.Dispose();
            return default;
        }

        private protected override void Once() => _ratchet.Seal(_ratchet.Round, _header, _message, _body);
    }

    private sealed class FixedKeySeal(int size) : Seal
    {
        private readonly AesGcm _aead = new(new byte[32], 16);
        private readonly byte[] _nonce = new byte[12];
        private readonly byte[] _header = new byte[16];
        private readonly byte[] _message = new byte[size];
        private readonly byte[] _body = new byte[size + 16];
        private ulong _round;

        public override ValueTask DisposeAsync()
        {
            _aead.Dispose();
            return default;
        }

        private protected override void Once()
        {
            BinaryPrimitives.WriteUInt64BigEndian(_nonce.AsSpan(4), _round++);
            _aead.Encrypt(_nonce, _message, _body.AsSpan(0, size), _body.AsSpan(size), _header);
        }
    }
}
