using System.Buffers.Binary;
using System.Security.Cryptography;
using SymRatchet.KeyStores.Tests.Contract;
using SymRatchet.TestKit;

namespace SymRatchet.KeyStores.Tests.KeyFiles;

/// <summary>What others have written into the file: it is refused with a word on what to do, and left as it is.</summary>
public sealed class KeyFileTamperTests
{
    private const string Name = "device 1";
    private const int SlotAt = 4096;
    private const int ChecksumAt = 480;

    private static readonly KeyFileOptions Options = new() { CreateIfMissing = true };

    [Theory]
    [InlineData("protocol", 2, 1, 0)]
    [InlineData("protocol", 2, 1, 3)]
    [InlineData("evolution", 3, 1, 2)]
    [InlineData("state", 4, 1, 3)]
    [InlineData("id", 5, 1, 0)]
    [InlineData("sequence", 8, 8, -1)]
    [InlineData("sequence", 8, 8, long.MaxValue)]
    [InlineData("serial", 24, 8, 0)]
    [InlineData("serial", 24, 8, 2)]
    [InlineData("last serial", 32, 8, -1)]
    [InlineData("last serial", 32, 8, long.MaxValue)]
    [InlineData("epoch", 40, 8, -1)]
    [InlineData("next serial", 48, 8, -1)]
    [InlineData("next serial", 48, 8, 2)]
    [InlineData("time of adding", 56, 8, long.MaxValue)]
    [InlineData("time of adding", 56, 8, long.MinValue)]
    [InlineData("time of the last use", 64, 8, long.MaxValue)]
    [InlineData("time of revocation", 72, 8, -long.MaxValue)]
    public void A_state_that_is_whole_and_says_what_cannot_be_is_refused_by_the_field(
        string field,
        int at,
        int size,
        long value
    )
    {
        byte[] bytes = Carried(TestKeys.Shared(Name)).Bytes;
        Span<byte> slot = bytes.AsSpan(SlotAt);
        Span<byte> number = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(number, value);
        number[..size].CopyTo(slot[at..]);
        SHA256.HashData(slot[..ChecksumAt], slot[ChecksumAt..]);
        Assert.Contains($"its {field} is out of range", AssertRefused(bytes), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("id")]
    [InlineData("key")]
    [InlineData("server")]
    [InlineData("evolution")]
    [InlineData("none before")]
    public void Another_credential_over_a_store_that_was_never_used_is_no_rest_of_its_own(string differs)
    {
        using PreSharedKey other = differs switch
        {
            "id" => TestKeys.Shared("device 2"),
            "key" => TestKeys.Shared(Name, 1),
            "evolution" => TestKeys.Shared(Name, evolution: KeyEvolution.None),
            _ => PreSharedKey.Import(Name, TestKeys.Shared(Name).Secret, "server"),
        };
        SimulatedFile file = new([]);
        if (differs == "none before")
            Open(file);
        else
            file = Carried(TestKeys.Shared(Name));
        byte[] bytes = file.Bytes;
        Credential(other).CopyTo(bytes, 0);
        string refusal = AssertRefused(bytes);
        Assert.Contains("overwritten in part", refusal, StringComparison.Ordinal);
        Assert.Contains("remove the file first", refusal, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_own_credential_that_a_crash_left_at_the_head_is_cleaned()
    {
        using PreSharedKey shared = TestKeys.Shared(Name);
        byte[] bytes = Carried(shared).Bytes;
        byte[] whole = [.. bytes];
        Credential(shared).CopyTo(bytes, 0);
        SimulatedFile again = new(bytes);
        Assert.True(await Open(again).HoldsAsync(Name, shared, ChannelRole.Client));
        Assert.Equal(whole, again.Bytes);
    }

    private static string AssertRefused(byte[] bytes)
    {
        SimulatedFile found = new(bytes);
        string refusal = Assert.Throws<KeyStoreException>(() => Open(found)).Message;
        Assert.Equal(bytes, found.Bytes);
        Assert.Equal(0, found.Steps);
        return refusal;
    }

    private static SimulatedFile Carried(PreSharedKey key)
    {
        SimulatedFile file = new(Credential(key));
        Open(file);
        return file;
    }

    private static byte[] Credential(PreSharedKey key)
    {
        using MemoryStream stream = new();
        key.WriteCredential(stream);
        return stream.ToArray();
    }

    private static KeyFile Open(SimulatedFile file) =>
        KeyFile.Open("device.credential", ChannelRole.Client, Options, () => file);
}
