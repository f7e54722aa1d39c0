using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using SymRatchet.KeyStores.Sqlite;
using SymRatchet.TestKit;

namespace SymRatchet.Tool.Tests;

/// <summary>What <c>key export</c> writes and <c>key import</c> reads.</summary>
public sealed class TransferTests : IDisposable
{
    private readonly ToolFolder _folder = new();

    private string Exported => _folder.PathOf("exported");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_new_key_that_waits_beside_the_old_one_goes_with_it()
    {
        await _folder.ProvisionAsync();
        Assert.True(await _folder.ConnectAsync());
        await ToolRun.GoodAsync(
            "key",
            "rotate",
            ToolFolder.Name,
            "--store",
            _folder.Server,
            "--out",
            _folder.PathOf("new")
        );
        await ToolRun.GoodAsync("key", "export", ToolFolder.Name, "--store", _folder.Server, "--out", Exported);
        string moved = _folder.PathOf("moved.keys");
        await ToolRun.GoodAsync("store", "init", "--store", moved);
        await ToolRun.GoodAsync("key", "import", Exported, "--store", moved);
        Assert.True(await _folder.ConnectAsync(moved)); // with the old key
        await ToolRun.GoodAsync(
            "key",
            "rotate",
            ToolFolder.Name,
            "--store",
            _folder.Client,
            "--role",
            "Client",
            "--credential",
            _folder.PathOf("new")
        );
        Assert.True(await _folder.ConnectAsync(moved));
        Assert.Contains(
            "active",
            await ToolRun.GoodAsync("key", "show", ToolFolder.Name, "--store", moved),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task An_import_that_was_cut_short_is_run_again_and_one_of_another_key_is_refused()
    {
        await _folder.ProvisionAsync();
        await ToolRun.GoodAsync("key", "export", ToolFolder.Name, "--store", _folder.Server, "--out", Exported);
        await ToolRun.GoodAsync(
            "key",
            "rotate",
            ToolFolder.Name,
            "--store",
            _folder.Server,
            "--out",
            _folder.PathOf("new")
        );
        string rotating = _folder.PathOf("rotating");
        await ToolRun.GoodAsync("key", "export", ToolFolder.Name, "--store", _folder.Server, "--out", rotating);
        string moved = _folder.PathOf("moved.keys");
        await ToolRun.GoodAsync("store", "init", "--store", moved);
        await ToolRun.GoodAsync("key", "import", Exported, "--store", moved); // as if the second step had not come
        foreach (int _ in (int[])[1, 2])
        {
            await ToolRun.GoodAsync("key", "import", rotating, "--store", moved);
            Assert.Contains(
                "rotating",
                await ToolRun.GoodAsync("key", "list", "--store", moved),
                StringComparison.Ordinal
            );
        }

        await ToolRun.BadAsync(1, "another key", "key", "import", Exported, "--store", moved);
        Assert.True(await _folder.ConnectAsync(moved));
        await ToolRun.BadAsync(1, "another key or at another epoch", "key", "import", rotating, "--store", moved);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_file_of_the_first_version_is_still_read(bool isRestricted)
    {
        // As that version wrote it: the id as text that JSON escapes, the keys as base64 that it does not.
        byte[] identity = [.. Enumerable.Repeat((byte)0xFB, 32)];
        byte[] root = [.. Enumerable.Repeat((byte)0xEF, 32)];
        await WriteAsync(
            $$"""
            {"id":"{{Convert.ToBase64String([0xFB, 0xEF]).Replace(
                "+",
                "\\u002B",
                StringComparison.Ordinal
            )}}","role":"Server","protocol":"V1","evolution":"Forward","suites":[{{(
                isRestricted ? "\"Aes256Gcm\"" : ""
            )}}],"epoch":7,"identityKey":"{{Convert.ToBase64String(identity)}}","epochKey":"{{Convert.ToBase64String(
                root
            )}}"}
            """
        );
        await ToolRun.GoodAsync("store", "init", "--store", _folder.Server);
        await ToolRun.GoodAsync("key", "import", Exported, "--store", _folder.Server);
        await using var store = SqliteKeyStore.Open(_folder.Server, ChannelRole.Server);
        using StoredKey? key = await store.FindAsync(new ClientId([0xFB, 0xEF]));
        Assert.Equal((7, isRestricted ? 1 : 0), (key!.Epoch, key.Suites.Count));
        Assert.True(key.IdentityKey.SequenceEqual(identity) && key.EpochKey.SequenceEqual(root));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[1]")]
    [InlineData("")]
    [InlineData("{\"version\":3}")]
    [InlineData("{\"version\":\"2\"}")]
    [InlineData(
        """{"id":"YQ==","role":"Server","protocol":"V1","evolution":"Forward","suites":[],"epoch":"""
            + """7,"identityKey":"AAAA","epochKey":"AAAA"}"""
    )]
    [InlineData(
        """{"id":"YQ==","role":"Server","protocol":"V9","evolution":"Forward","suites":[],"epoch":"""
            + """7,"identityKey":"AAAA","epochKey":"AAAA"}"""
    )]
    [InlineData(
        """{"id":"YQ==","role":"Server","protocol":"V1","evolution":"Forward","suites":[null],"epoch":"""
            + """7,"identityKey":1,"epochKey":"AAAA"}"""
    )]
    public async Task What_is_no_exported_key_is_told_and_is_no_missing_id(string content)
    {
        await ToolRun.GoodAsync("store", "init", "--store", _folder.Server);
        await WriteAsync(content);
        await ToolRun.BadAsync(1, "is not an exported key", "key", "import", Exported, "--store", _folder.Server);
    }

    [Fact]
    public async Task A_large_file_is_refused_before_it_is_read()
    {
        await ToolRun.GoodAsync("store", "init", "--store", _folder.Server);
        await WriteAsync("{");
        await using (FileStream large = new(Exported, FileMode.Open))
            large.SetLength(300_000_000);
        long before = GC.GetTotalAllocatedBytes();
        await ToolRun.BadAsync(1, "too long", "key", "import", Exported, "--store", _folder.Server);
        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 200_000_000); // other tests run beside this one
    }

    [Fact]
    public async Task A_link_to_an_exported_key_is_refused()
    {
        if (!OperatingSystem.IsLinux())
            return;
        await _folder.ProvisionAsync();
        await ToolRun.GoodAsync("key", "export", ToolFolder.Name, "--store", _folder.Server, "--out", Exported);
        File.CreateSymbolicLink(_folder.PathOf("link"), Exported);
        await ToolRun.BadAsync(1, "symbolic link", "key", "import", _folder.PathOf("link"), "--store", _folder.Server);
    }

    [Fact]
    public async Task The_text_of_an_exported_key_is_nowhere_in_memory_once_it_is_written_and_read()
    {
        if (!OperatingSystem.IsLinux())
            return;
        await _folder.ProvisionAsync();
        await ToolRun.GoodAsync("key", "export", ToolFolder.Name, "--store", _folder.Server, "--out", Exported);
        await ToolRun.GoodAsync("store", "init", "--store", _folder.PathOf("moved.keys"));
        await ToolRun.GoodAsync("key", "import", Exported, "--store", _folder.PathOf("moved.keys"));
        using StoredKey key = (await _folder.FindAsync(_folder.Server))!;
        byte[] hash = HashOfText(key);
        Assert.Equal(0, MemorySearch.Count("\"epochKey\":\""u8, hash));

        byte[] left = GC.AllocateArray<byte>(4096, pinned: true);
        await using (FileStream file = new(Exported, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0))
            await file.ReadAtLeastAsync(left, left.Length, throwOnEndOfStream: false);
        Assert.NotEqual(0, MemorySearch.Count("\"epochKey\":\""u8, hash)); // the search finds what is there
        CryptographicOperations.ZeroMemory(left);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static byte[] HashOfText(StoredKey key)
    {
        Span<byte> text = stackalloc byte[MemorySearch.TextLength];
        System.Buffers.Text.Base64.EncodeToUtf8(key.EpochKey, text, out _, out _);
        byte[] hash = SHA256.HashData(text);
        text.Clear();
        return hash;
    }

    private async Task WriteAsync(string content)
    {
        await File.WriteAllTextAsync(Exported, content);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(Exported, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }
}
