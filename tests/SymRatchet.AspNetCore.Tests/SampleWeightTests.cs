using SymRatchet.Samples;

namespace SymRatchet.AspNetCore.Tests;

/// <summary>A weight in the samples' keys file is that of its client, however the client's id is shown.</summary>
public sealed class SampleWeightTests
{
    [Theory]
    [InlineData("sensor-17")]
    [InlineData("0x37")] // shown as hex, so that it is not taken for the id that is the byte 37
    [InlineData("0x")]
    [InlineData("caf\u00e9")]
    [InlineData("soft\u00adhyphen")]
    public async Task A_weight_is_found_by_the_name_that_is_shown(string id)
    {
        using ClientKeys keys = new("a test");
        Assert.True(keys.Add(id, PreSharedKey.Import(id, new byte[PreSharedKey.Size]), 3));
        using InMemoryKeyStore store = keys.ToServerStore();
        KeyRecord record = Assert.Single(await store.ListAsync(default, limit: 2));
        Assert.Equal(3, keys.WeightOf(record.Name));
    }

    [Fact]
    public void A_name_that_nobody_has_weighs_one()
    {
        using ClientKeys keys = new("a test");
        keys.Add("7", PreSharedKey.Import("7", new byte[PreSharedKey.Size]), 3);
        Assert.All(["8", "0x", "0x3", "0xFF", "0xzz", ""], name => Assert.Equal(1, keys.WeightOf(name)));
    }
}
