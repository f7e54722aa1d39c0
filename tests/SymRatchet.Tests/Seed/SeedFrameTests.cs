using System.Buffers;
using System.Buffers.Binary;
using SymRatchet.Seed;
using SymRatchet.Session;

namespace SymRatchet.Tests.Seed;

/// <summary>The length prefix: unsigned, held against the limit before anything else happens.</summary>
public sealed class SeedFrameTests
{
    private const int MaxLength = 167;
    private const uint Largest = MaxLength;

    [Theory]
    [InlineData(0u, nameof(FrameStatus.Malformed))]
    [InlineData(1u, nameof(FrameStatus.Incomplete))]
    [InlineData(Largest, nameof(FrameStatus.Incomplete))]
    [InlineData(Largest + 1, nameof(FrameStatus.TooLarge))]
    [InlineData(int.MaxValue, nameof(FrameStatus.TooLarge))]
    [InlineData(0x80000000u, nameof(FrameStatus.TooLarge))]
    [InlineData(uint.MaxValue, nameof(FrameStatus.TooLarge))]
    public void The_prefix_alone_decides(uint length, string expected)
    {
        byte[] prefix = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(prefix, length);
        Assert.Equal(expected, SeedFrame.Parse(new ReadOnlySequence<byte>(prefix), MaxLength, out _).ToString());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void Less_than_a_prefix_is_waited_for(int available) =>
        Assert.Equal(
            FrameStatus.Incomplete,
            SeedFrame.Parse(new ReadOnlySequence<byte>(new byte[available]), MaxLength, out _)
        );

    [Theory]
    [InlineData(0, 16)]
    [InlineData(15, 16)]
    [InlineData(16, 32)]
    [InlineData(17, 32)]
    public void There_is_always_padding(int payload, int padded) =>
        Assert.Equal(padded, SeedFrame.PaddedLength(payload));

    [Fact]
    public void Unpadding_agrees_with_the_plain_definition_for_every_last_block()
    {
        byte[] block = new byte[16];
        for (int count = 0; count < 256; count++)
        {
            for (int wrongAt = 0; wrongAt <= 16; wrongAt++)
            {
                block.AsSpan().Fill((byte)count);
                if (wrongAt < 16)
                    block[wrongAt] ^= 0x40;
                int expected =
                    block[^1] is >= 1 and <= 16 && block[^block[^1]..].All(b => b == block[^1]) ? 16 - block[^1] : -1;
                Assert.Equal(expected, Pkcs7.Unpad(block));
            }
        }
    }
}
