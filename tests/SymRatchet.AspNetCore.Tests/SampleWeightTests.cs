using SymRatchet.Samples;

namespace SymRatchet.AspNetCore.Tests;

/// <summary>A weight in the samples' keys file is that of its client, however the client's id is shown.</summary>
public sealed class SampleWeightTests
{
    [Theory]
    [InlineData("sensor-17")]
    [InlineData("0x30783337")] // the text 0x37, shown as hex, so that it is not taken for the id that is the byte 37
    [InlineData("0xFF")]
    [InlineData("caf\u00e9")]
    public async Task A_weight_is_found_by_the_id_that_is_proven(string id)
    {
        using ClientKeys keys = new("a test");
        Assert.True(keys.Add(id, PreSharedKey.Import(id, new byte[PreSharedKey.Size]), 3));
        using InMemoryKeyStore store = keys.ToServerStore();
        KeyRecord record = Assert.Single(await store.ListAsync(null, limit: 2));
        Assert.Equal(3, keys.WeightOf(record.Id));
        Assert.Equal(1, keys.WeightOf("8"));
    }
}
