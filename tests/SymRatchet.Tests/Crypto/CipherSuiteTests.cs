using SymRatchet.Crypto;
using SymRatchet.Protocol1;
using SymRatchet.TestKit;

namespace SymRatchet.Tests.Crypto;

/// <summary>One contract for every suite that the library knows.</summary>
public sealed class CipherSuiteTests
{
    private const ulong Round = 0x0000_1234_5678_9ABC;

    // Around the blocks of every cipher, around the length where AEGIS-256 changes its way into native code, and far
    // beyond.
    private static readonly int[] Sizes =
    [
        0,
        1,
        15,
        16,
        17,
        31,
        32,
        33,
        63,
        64,
        65,
        991,
        992,
        993,
        1023,
        1024,
        1025,
        4095,
        4096,
        4097,
        16_384,
        1 << 20,
    ];

    public static TheoryData<CipherSuiteId> Suites => [.. CipherSuite.All.Select(suite => suite.Id)];

    public static TheoryData<CipherSuiteId, int> SuitesAndSizes
    {
        get
        {
            TheoryData<CipherSuiteId, int> cases = [];
            foreach (CipherSuite suite in CipherSuite.All)
            foreach (int size in Sizes)
                cases.Add(suite.Id, size);
            return cases;
        }
    }

    [Fact]
    [Requirement("R2.1-1")]
    public void The_registry_holds_every_suite_once_under_its_number()
    {
        Assert.Equal(
            Enum.GetValues<CipherSuiteId>().Except([CipherSuiteId.None]),
            CipherSuite.All.Select(suite => suite.Id).Order()
        );
        Assert.All(CipherSuite.All, suite => Assert.Same(suite, CipherSuite.Get(suite.Id)));
        Assert.All(
            CipherSuite.All,
            suite => Assert.True(suite.IsSupported, $"{suite.Id} is not supported on this machine.")
        );
    }

    [Theory]
    [MemberData(nameof(SuitesAndSizes))]
    public void What_is_sealed_opens_apart_and_in_place_to_the_same_bytes(CipherSuiteId id, int size)
    {
        CipherSuite suite = CipherSuite.Get(id);
        byte[] key = Bytes(32, 1),
            header = Bytes(16, 2),
            plaintext = Bytes(size, 3);

        byte[] body = Seal(suite, key, header, plaintext);
        byte[] inPlace = [.. plaintext, .. new byte[suite.TagSize]];
        suite.Seal(key, Round, header, inPlace.AsSpan(0, size), inPlace);
        Assert.Equal(body, inPlace);
        if (size > 0)
            Assert.NotEqual(plaintext, body[..size]);

        byte[] opened = new byte[size];
        Assert.True(suite.Open(key, Round, header, body, opened));
        Assert.True(suite.Open(key, Round, header, inPlace, inPlace.AsSpan(0, size)));
        Assert.Equal(plaintext, opened);
        Assert.Equal(plaintext, inPlace[..size]);
    }

    [Theory]
    [MemberData(nameof(SuitesAndSizes))]
    public void Nothing_is_written_outside_of_the_lengths(CipherSuiteId id, int size)
    {
        CipherSuite suite = CipherSuite.Get(id);
        byte[] key = Bytes(32, 1),
            header = Bytes(16, 2),
            plaintext = Bytes(size, 3);
        byte[] buffer = Filled(size + suite.TagSize + 64);

        suite.Seal(key, Round, header, plaintext, buffer.AsSpan(32));
        AssertFilled(buffer.AsSpan(0, 32));
        AssertFilled(buffer.AsSpan(32 + size + suite.TagSize));

        byte[] opened = Filled(size + 64);
        Assert.True(suite.Open(key, Round, header, buffer.AsSpan(32, size + suite.TagSize), opened.AsSpan(32, size)));
        AssertFilled(opened.AsSpan(0, 32));
        AssertFilled(opened.AsSpan(32 + size));
    }

    [Theory]
    [MemberData(nameof(SuitesAndSizes))]
    public void Any_changed_byte_fails_and_leaves_nothing_of_the_plaintext(CipherSuiteId id, int size)
    {
        CipherSuite suite = CipherSuite.Get(id);
        byte[] key = Bytes(32, 1),
            header = Bytes(16, 2);
        byte[] body = Seal(suite, key, header, Bytes(size, 3));
        int[] positions =
            body.Length <= 200
                ? [.. Enumerable.Range(0, body.Length)]
                : [0, 1, size / 2, size - 1, .. Enumerable.Range(size, suite.TagSize)];

        foreach (int position in positions)
            AssertRefused(suite, key, Round, header, Flipped(body, position));
        for (int position = 0; position < key.Length; position += size > 4096 ? 31 : 1)
            AssertRefused(suite, Flipped(key, position), Round, header, body);
        for (int position = 0; position < header.Length; position += size > 4096 ? 15 : 1)
            AssertRefused(suite, key, Round, Flipped(header, position), body);
        for (int bit = 0; bit < 64; bit += size > 4096 ? 63 : 1)
            AssertRefused(suite, key, Round ^ (1UL << bit), header, body);
    }

    [Theory]
    [MemberData(nameof(Suites))]
    public void Any_other_length_fails(CipherSuiteId id)
    {
        CipherSuite suite = CipherSuite.Get(id);
        byte[] key = Bytes(32, 1),
            header = Bytes(16, 2);
        byte[] body = Seal(suite, key, header, Bytes(40, 3));

        for (int length = suite.TagSize; length < body.Length; length++)
            AssertRefused(suite, key, Round, header, body[..length]);
        AssertRefused(suite, key, Round, header, [.. body, 0]);
        AssertRefused(suite, key, Round, header[..15], body);
        AssertRefused(suite, key, Round, [.. header, 0], body);
        AssertRefused(suite, key, Round, [], body);
    }

    [Theory]
    [MemberData(nameof(Suites))]
    public void What_is_shorter_than_a_tag_is_refused_and_the_output_cleared(CipherSuiteId id)
    {
        CipherSuite suite = CipherSuite.Get(id);
        byte[] body = Seal(suite, Bytes(32, 1), Bytes(16, 2), []);
        for (int length = 0; length < suite.TagSize; length++)
        {
            byte[] output = Filled(8);
            Assert.False(suite.Open(Bytes(32, 1), Round, Bytes(16, 2), body.AsSpan(0, length), output));
            Assert.All(output, b => Assert.Equal(0, b));
        }
    }

    [Theory]
    [MemberData(nameof(Suites))]
    [Requirement("R6.2-1")]
    public void The_nonce_is_the_round_with_zeros_before_it(CipherSuiteId id)
    {
        CipherSuite suite = CipherSuite.Get(id);
        foreach (ulong round in new[] { 0UL, 1UL, Round, (1UL << 48) - 1, ulong.MaxValue })
        {
            byte[] nonce = new byte[suite.NonceSize];
            for (int i = 0; i < 8; i++)
                nonce[^(i + 1)] = (byte)(round >> (8 * i));
            byte[] byRound = new byte[5 + suite.TagSize],
                byNonce = new byte[5 + suite.TagSize];
            suite.Seal(Bytes(32, 1), round, Bytes(16, 2), Bytes(5, 3), byRound);
            suite.Seal(Bytes(32, 1), nonce, Bytes(16, 2), Bytes(5, 3), byNonce);
            Assert.Equal(byNonce, byRound);
        }
    }

    [Theory]
    [MemberData(nameof(Suites))]
    public void A_step_depends_on_every_byte_of_the_chain_key_and_in_suites_1_and_2_of_the_tag(CipherSuiteId id)
    {
        CipherSuite suite = CipherSuite.Get(id);
        byte[] chainKey = Bytes(32, 4),
            tag = Bytes(suite.TagSize, 5);
        HashSet<string> keys = [];
        void Add(byte[] c, byte[] t)
        {
            byte[] output = Filled(64);
            suite.Step(Labels.Step, c, t, output);
            Assert.True(keys.Add(Convert.ToHexString(output, 0, 32)) && keys.Add(Convert.ToHexString(output, 32, 32)));
        }

        Add(chainKey, tag);
        for (int i = 0; i < chainKey.Length; i++)
            Add(Flipped(chainKey, i), tag);
        if (id == CipherSuiteId.ChaCha20Poly1305)
        {
            Assert.Throws<Xunit.Sdk.TrueException>(() => Add(chainKey, Flipped(tag, 0)));
            return;
        }

        for (int i = 0; i < tag.Length; i++)
            Add(chainKey, Flipped(tag, i));
        Add(chainKey, new byte[32]);
    }

    /// <summary>RFC 8439, 2.3.2, takes the same block with another nonce and counter; the vectors hold ours.</summary>
    [Fact]
    [Requirement("R6.1-5")]
    public void The_step_of_suite_3_is_the_keystream_that_encrypts_zeros()
    {
        byte[] chainKey = Bytes(32, 4),
            step = new byte[64],
            body = new byte[128 + 16];
        CipherSuite.Get(CipherSuiteId.ChaCha20Poly1305).Step(Labels.Step, chainKey, new byte[16], step);

        // The AEAD encrypts from block 1 on, and takes block 0 for Poly1305's key; so the step shares nothing with a
        // record under its own key, and its second block is what the AEAD begins with.
        Sodium.ChaChaSeal(chainKey, "symratchet/1"u8, [], new byte[128], body);
        byte[] twoBlocks = new byte[128];
        Sodium.ChaCha20Block(chainKey, "symratchet/1"u8, twoBlocks);
        Assert.Equal(twoBlocks[..64], step);
        Assert.Equal(twoBlocks[64..], body[..64]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(ChaCha20Poly1305Suite.PlatformFrom - 1)]
    [InlineData(ChaCha20Poly1305Suite.PlatformFrom)]
    [InlineData(ChaCha20Poly1305Suite.PlatformFrom + 1)]
    [InlineData(100_000)]
    public void Large_records_of_suite_3_are_the_platforms_and_the_same_to_the_byte(int size)
    {
        CipherSuite suite = CipherSuite.Get(CipherSuiteId.ChaCha20Poly1305);
        byte[] key = Bytes(32, 1),
            nonce = Bytes(12, 2),
            header = Bytes(16, 3),
            text = Bytes(size, 4),
            body = new byte[size + 16],
            same = new byte[size + 16];
        suite.Seal(key, nonce, header, text, body);
        Sodium.ChaChaSeal(key, nonce, header, text, same);
        Assert.Equal(same, body);
        Assert.True(suite.Open(key, nonce, header, body, text));
        body[^1] ^= 1;
        Assert.False(suite.Open(key, nonce, header, body, text));
        Assert.All(text, left => Assert.Equal(0, left));
    }

    [Theory]
    [MemberData(nameof(Suites))]
    public void A_buffer_that_is_too_short_is_the_callers_mistake_and_never_reaches_native_code(CipherSuiteId id)
    {
        CipherSuite suite = CipherSuite.Get(id);
        byte[] key = Bytes(32, 1),
            plaintext = Bytes(20, 3),
            body = Seal(suite, key, [], plaintext);
        Assert.ThrowsAny<ArgumentException>(() =>
            suite.Seal(key.AsSpan(0, 31), Round, [], plaintext, new byte[body.Length])
        );
        Assert.ThrowsAny<ArgumentException>(() => suite.Seal(key, Round, [], plaintext, new byte[body.Length - 1]));
        Assert.ThrowsAny<ArgumentException>(() =>
            suite.Seal(key, new byte[suite.NonceSize - 1], [], plaintext, new byte[body.Length])
        );
        Assert.ThrowsAny<ArgumentException>(() => suite.Open(key.AsSpan(0, 31), Round, [], body, new byte[20]));
        Assert.ThrowsAny<ArgumentException>(() => suite.Open(key, Round, [], body, new byte[19]));
        Assert.ThrowsAny<ArgumentException>(() =>
            suite.Step(Labels.Step, key.AsSpan(0, 31), new byte[32], new byte[64])
        );
        Assert.ThrowsAny<ArgumentException>(() => suite.Step(Labels.Step, key, new byte[32], new byte[63]));
    }

    private static void AssertRefused(CipherSuite suite, byte[] key, ulong round, byte[] header, byte[] body)
    {
        byte[] output = Filled(body.Length - suite.TagSize);
        Assert.False(suite.Open(key, round, header, body, output));
        Assert.False(output.AsSpan().ContainsAnyExcept((byte)0));

        // In place the ciphertext goes too; the tag stays.
        byte[] inPlace = [.. body];
        Assert.False(suite.Open(key, round, header, inPlace, inPlace.AsSpan(0, output.Length)));
        Assert.False(inPlace.AsSpan(0, output.Length).ContainsAnyExcept((byte)0));
        Assert.Equal(body[output.Length..], inPlace[output.Length..]);
    }

    private static byte[] Seal(CipherSuite suite, byte[] key, byte[] header, byte[] plaintext)
    {
        byte[] body = new byte[plaintext.Length + suite.TagSize];
        suite.Seal(key, Round, header, plaintext, body);
        return body;
    }

    private static byte[] Flipped(byte[] bytes, int position)
    {
        byte[] changed = [.. bytes];
        changed[position] ^= (byte)(1 << (position % 8));
        return changed;
    }

    private static byte[] Bytes(int length, int start)
    {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++)
            bytes[i] = (byte)(start + (i * 7) + (i >> 8));
        return bytes;
    }

    private static byte[] Filled(int length)
    {
        byte[] bytes = new byte[length];
        bytes.AsSpan().Fill(0xEE);
        return bytes;
    }

    private static void AssertFilled(ReadOnlySpan<byte> bytes) => Assert.False(bytes.ContainsAnyExcept((byte)0xEE));
}
