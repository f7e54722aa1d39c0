using System.Buffers.Binary;
using System.Diagnostics;
using System.Security.Cryptography;
using SymRatchet.KeyStores.Tests.Contract;
using SymRatchet.KeyStores.Tests.Sqlite;
using SymRatchet.TestKit;

namespace SymRatchet.KeyStores.Tests.KeyFiles;

/// <summary>What others have written into the file is refused, with a word on what to do, and left as it is.</summary>
public sealed class KeyFileTamperTests : IAsyncLifetime
{
    private const string Name = "device 1";
    private const int SlotAt = 4096;
    private const int ChecksumAt = 480;

    private static readonly KeyFileOptions Options = new() { CreateIfMissing = true };

    private readonly KeyFileFolder _folder = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _folder.DisposeAsync();

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

    /// <param name="how">As <c>cp new.credential key</c>, <c>dd conv=notrunc</c> or <c>truncate</c> do.</param>
    [SkippableTheory]
    [InlineData("copy")]
    [InlineData("part")]
    [InlineData("empty")]
    [InlineData("short")]
    public async Task A_file_that_is_written_over_in_place_is_told_and_moves_no_more(string how)
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "The tools are those of Linux.");
        using PreSharedKey shared = TestKeys.Shared(Name);
        using PreSharedKey renewed = TestKeys.Shared(Name, 1);
        string path = _folder.Carry(shared);
        KeyFile file = await _folder.OpenAsync();
        await file.AdvanceAsync(Name, 1);
        await file.ProbeAsync();
        long serial = await file.SerialAsync(Name);
        await WriteOverAsync(path, how, _folder.Carry(renewed, "new.credential"));
        byte[] before = KeySearch.ReadLocked(path);

        var advance = await Assert.ThrowsAsync<KeyStoreException>(async () =>
            await file.AdvanceAsync(Name, serial, 2, TestKeys.Root(Name, 2))
        );
        var probe = await Assert.ThrowsAsync<KeyStoreException>(async () => await file.ProbeAsync());
        Assert.False(advance.IsOutcomeUnknown);
        Assert.Contains("overwritten or cut short while", advance.Message, StringComparison.Ordinal);
        Assert.Equal(advance.Message, probe.Message);
        Assert.Equal(before, KeySearch.ReadLocked(path));
        await file.DisposeAsync();
        Assert.Equal(before, KeySearch.ReadLocked(path));
        if (how == "copy") // the new credential is whole, and the next start takes it
            Assert.True(await (await _folder.OpenAsync()).HoldsAsync(Name, renewed, ChannelRole.Client));
    }

    [Fact]
    public async Task A_file_whose_second_slot_a_crash_has_cut_off_serves()
    {
        byte[] bytes = Carried(TestKeys.Shared(Name)).Bytes;
        KeyFile file = Open(new SimulatedFile(bytes[..(SlotAt + 512)]));
        await file.ProbeAsync();
        await file.AdvanceAsync(Name, 1);
        Assert.Equal(1, await file.EpochAsync(Name));
    }

    [Fact]
    public async Task A_file_that_cannot_be_looked_at_before_a_change_is_a_failure_of_the_store()
    {
        SimulatedFile disk = Carried(TestKeys.Shared(Name));
        KeyFile file = Open(disk);
        long serial = await file.SerialAsync(Name);
        disk.BeforeRead = () => throw new IOException("input/output error");
        var failure = await Assert.ThrowsAsync<KeyStoreException>(async () =>
            await file.AdvanceAsync(Name, serial, 1, TestKeys.Root(Name, 1))
        );
        Assert.False(failure.IsOutcomeUnknown);
        Assert.Contains("cannot be read: input/output error", failure.Message, StringComparison.Ordinal);
        disk.BeforeRead = null;
        await file.AdvanceAsync(Name, 1);
        Assert.Equal(1, await file.EpochAsync(Name));
    }

    // .NET asks for the lock before it writes; these tools do not.
    private static async Task WriteOverAsync(string path, string how, string credential)
    {
        (string tool, string[] arguments) = how switch
        {
            "copy" => ("cp", (string[])[credential, path]),
            "part" => ("dd", [$"if={credential}", $"of={path}", "conv=notrunc", "status=none"]),
            "empty" => ("truncate", ["-s", "0", path]),
            _ => ("truncate", ["-s", "-1", path]),
        };
        using var writing = Process.Start(tool, arguments);
        await writing.WaitForExitAsync();
        Assert.Equal(0, writing.ExitCode);
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
