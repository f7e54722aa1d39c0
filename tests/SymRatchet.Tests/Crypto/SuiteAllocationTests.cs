using SymRatchet.Crypto;
using SymRatchet.Protocol1;
using SymRatchet.TestKit;
using Xunit.Abstractions;

namespace SymRatchet.Tests.Crypto;

/// <summary>
/// What a step, a seal and an open allocate: nothing but the platform's AES object in suite 2, of which optimised
/// code puts half on the stack, and its ChaCha20 object for large records in suite 3.
/// </summary>
[Collection(Alone.Name)]
public sealed class SuiteAllocationTests(ITestOutputHelper output)
{
    private const int Records = 1000;

    [Theory]
    [InlineData(CipherSuiteId.Aegis256, 0, 0)]
    [InlineData(CipherSuiteId.Aes256Gcm, 2 * 64, 2 * 64)]
    [InlineData(CipherSuiteId.ChaCha20Poly1305, 0, 2 * 64)]
    public void A_record_sealed_and_opened_allocates_at_most(CipherSuiteId id, int small, int large)
    {
        CipherSuite suite = CipherSuite.Get(id);
        foreach ((int size, int bytes) in new[] { (64, small), (4095, small), (16_384, large) })
        {
            byte[] body = new byte[size + suite.TagSize];
            long allocated = Allocation.Of(() => Run(suite, body));
            output.WriteLine($"{id}, {size} B: {(double)allocated / Records} B for a record sealed and opened");
            Assert.InRange(allocated, 0, bytes * Records);
        }
    }

    private static void Run(CipherSuite suite, byte[] body)
    {
        Span<byte> chain = stackalloc byte[32];
        Span<byte> keys = stackalloc byte[64];
        Span<byte> header = stackalloc byte[16];
        Span<byte> text = body.AsSpan(0, body.Length - suite.TagSize);
        for (ulong round = 0; round < Records; round++)
        {
            suite.Step(Labels.Step, chain, body.AsSpan(text.Length), keys);
            keys[..32].CopyTo(chain);
            suite.Seal(keys[32..], round, header, text, body);
            if (!suite.Open(keys[32..], round, header, body, text))
                throw new InvalidOperationException("What was sealed did not open.");
        }
    }
}
