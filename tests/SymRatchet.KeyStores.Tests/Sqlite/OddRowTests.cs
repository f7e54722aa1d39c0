using SymRatchet.KeyStores.Sqlite;
using SymRatchet.KeyStores.Tests.Contract;
using SymRatchet.KeyStores.Tests.Wrapping;

namespace SymRatchet.KeyStores.Tests.Sqlite;

/// <summary>One row that no store has written, among others that are well.</summary>
public sealed class OddRowTests
{
    [Theory]
    [InlineData("identity_key = NULL")]
    [InlineData("epoch_key = NULL")]
    [InlineData("identity_key = x'0102'")]
    [InlineData("epoch_key = zeroblob(33)")]
    [InlineData("protocol = 99")]
    [InlineData("protocol = 5000000000")]
    [InlineData("evolution = 77")]
    [InlineData("epoch = -5")]
    [InlineData("suites = -1")]
    [InlineData("added = 9000000000000000000")]
    [InlineData("last_seen = -9000000000000000000")]
    [InlineData("epoch_key = NULL, revoked = 9000000000000000000")]
    [InlineData("next_serial = 7")]
    [InlineData("id = zeroblob(300)")]
    public async Task An_odd_row_is_named_by_check_and_stops_no_other(string oddity)
    {
        await using StoreFolder folder = new();
        SqliteKeyStore store = folder.Open();
        string[] names = ["device 1", "device 2", "device 3"];
        foreach (string name in names)
            await store.AddAsync(TestKeys.Shared(name));
        Assert.Empty(await store.CheckAsync());
        using (OutsideConnection other = new(folder.FileOf(ChannelRole.Server)))
            Assert.Equal(1, other.Run($"UPDATE keys SET {oddity} WHERE id = CAST('device 2' AS BLOB)"));

        string odd = oddity.StartsWith("id =", StringComparison.Ordinal) ? "\0\0" : "device 2";
        Assert.Contains(
            await store.CheckAsync(),
            problem => problem.Contains(odd == "device 2" ? odd : "0x0000", StringComparison.Ordinal)
        );
        Assert.Equal(3, (await store.ListAsync(default, 10)).Count);
        foreach (string name in (string[])["device 1", "device 3"])
        {
            await store.AdvanceAsync(name, 1);
            Assert.Equal(1, await store.EpochAsync(name));
        }

        await store.DisposeAsync();
        using GatedWrapper wrapper = new();
        SqliteKeyStore wrapping = folder.Open(options: new SqliteKeyStoreOptions { Wrapper = new Turned(wrapper) });
        try
        {
            await wrapping.RewrapAsync(previous: PlaintextKeyWrapper.Instance);
        }
        catch (KeyStoreException e)
        {
            Assert.Contains(odd == "device 2" ? odd : "0x0000", e.Message, StringComparison.Ordinal);
        }

        Assert.Equal((1, 1), (await wrapping.EpochAsync("device 1"), await wrapping.EpochAsync("device 3")));
    }

    /// <summary>Keys with all bits turned, so that a key that was not wrapped again is not found.</summary>
    private sealed class Turned(IKeyWrapper inner) : IKeyWrapper
    {
        public async ValueTask<byte[]> WrapAsync(
            ReadOnlyMemory<byte> key,
            KeyWrapContext context,
            CancellationToken cancellationToken = default
        ) => [1, .. await inner.WrapAsync(key, context, cancellationToken)];

        public ValueTask<bool> UnwrapAsync(
            ReadOnlyMemory<byte> wrapped,
            KeyWrapContext context,
            Memory<byte> key,
            CancellationToken cancellationToken = default
        ) => inner.UnwrapAsync(wrapped[1..], context, key, cancellationToken);
    }
}
