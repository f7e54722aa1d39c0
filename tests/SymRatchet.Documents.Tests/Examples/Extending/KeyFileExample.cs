using SymRatchet.Documents.Tests.Running;
using SymRatchet.TestKit;

namespace SymRatchet.Documents.Tests.Examples.Extending;

/// <summary>What every store must do, of the store in the guide.</summary>
public sealed class KeyFileExample : IDisposable
{
    private const int SlotSize = 72;

    private static readonly ClientId Id = "sensor-17";

    private readonly TemporaryFolder _folder = new();
    private readonly PreSharedKey _key = PreSharedKey.Generate("sensor-17");
    private readonly string _path;

    public KeyFileExample()
    {
        _path = _folder.PathOf("device.key");
        KeyFileStore.Create(_path, _key);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Sessions_go_on_where_the_file_left_off()
    {
        using InMemoryKeyStore server = new(ChannelRole.Server);
        server.Add(_key);
        for (long epoch = 0; epoch < 5; epoch++)
        {
            await using ChannelPair pair = await ChannelPair.CreateAsync(
                new SecureChannelClientOptions { Keys = new KeyFileStore(_path), ClientId = "sensor-17" },
                new SecureChannelServerOptions { Keys = server }
            );
            Assert.Equal((epoch, epoch), (pair.Client.Peer.Epoch, pair.Server.Peer.Epoch));
            await pair.RoundAsync([1], [2]);
        }
    }

    [Fact]
    public async Task Keys_move_forward_only_and_old_ones_are_in_no_byte_of_the_file()
    {
        KeyFileStore store = new(_path);
        byte[] root = [];
        foreach (long epoch in (long[])[1, 7, 3, 7, 8])
        {
            byte[] next = [.. Enumerable.Repeat((byte)(epoch + 100), PreSharedKey.Size)];
            await store.AdvanceAsync(Id, 1, epoch, next);
            root = next;
        }

        using StoredKey? found = await store.FindAsync(Id);
        Assert.Equal(8, found!.Epoch);
        Assert.Equal(root, found.EpochKey.ToArray());
        byte[] content = await File.ReadAllBytesAsync(_path);
        Assert.Equal(-1, content.AsSpan().IndexOf(Enumerable.Repeat((byte)107, PreSharedKey.Size).ToArray()));
        Assert.True(content.AsSpan().IndexOf(root) > 0);
    }

    [Fact]
    public async Task What_the_store_does_not_hold_is_not_found_and_does_not_move()
    {
        KeyFileStore store = new(_path);
        Assert.Null(await store.FindAsync("sensor-18"));
        await Assert.ThrowsAsync<KeyNotFoundException>(async () =>
            await store.AdvanceAsync("sensor-18", 1, 1, new byte[32])
        );
        await Assert.ThrowsAsync<KeyNotFoundException>(async () => await store.AdvanceAsync(Id, 2, 1, new byte[32]));
    }

    [Fact]
    public async Task A_write_that_was_cut_off_anywhere_leaves_the_old_key_or_the_new_one()
    {
        KeyFileStore store = new(_path);
        await store.AdvanceAsync(Id, 1, 1, Root(1));
        byte[] before = await File.ReadAllBytesAsync(_path);
        await store.AdvanceAsync(Id, 1, 2, Root(2));
        byte[] after = await File.ReadAllBytesAsync(_path);

        // The new key goes to the first slot, then the second is erased. Both are cut off after every byte.
        int newSlot = PreSharedKey.Size;
        for (int written = 0; written <= 2 * SlotSize; written++)
        {
            byte[] torn = [.. after.AsSpan(0, newSlot + written), .. before.AsSpan(newSlot + written)];
            await File.WriteAllBytesAsync(_path, torn);
            using StoredKey? found = await store.FindAsync(Id);
            Assert.Equal(written < SlotSize ? 1 : 2, found!.Epoch);
            Assert.Equal(Root(found.Epoch), found.EpochKey.ToArray());
        }
    }

    [Fact]
    public async Task A_damaged_file_ends_the_handshake_and_says_so()
    {
        await File.WriteAllBytesAsync(_path, new byte[300]);
        await using SocketPair sockets = await SocketPair.CreateAsync();
        SecureChannelException failure = await Assert.ThrowsAsync<SecureChannelException>(async () =>
            await SecureChannel.ConnectAsync(
                sockets.Client,
                new SecureChannelClientOptions { Keys = new KeyFileStore(_path), ClientId = Id }
            )
        );
        Assert.Equal(SecureChannelError.KeyStore, failure.Error);
        Assert.IsType<KeyStoreException>(failure.InnerException);
    }

    private static byte[] Root(long epoch) => [.. Enumerable.Repeat((byte)epoch, PreSharedKey.Size)];
}
