using System.Globalization;
using System.Runtime.InteropServices;
using SymRatchet.KeyStores.Tests.Crash;
using Xunit.Abstractions;

namespace SymRatchet.KeyStores.Tests.Sqlite;

/// <summary>How many of 600 keys are left in the memory of a process that does nothing but move them.</summary>
public sealed class ProcessMemoryTests(ITestOutputHelper output)
{
    // None is found; a signal that stops a thread may save the registers of a copy that it is making.
    private const int Stray = 1;

    [SkippableFact]
    public async Task Replaced_keys_are_not_left_in_memory_nor_any_key_after_the_end()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Only Linux shows a process its memory.");
        Skip.IfNot(
            RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.Arm64,
            "SQLite erases nothing here."
        );
        (int replaced, int afterTheEnd) = await CountAsync("memory");
        Assert.InRange(replaced, 0, Stray);
        Assert.InRange(afterTheEnd, 0, Stray);
    }

    [SkippableFact]
    public async Task The_search_finds_the_keys_that_SQLite_leaves_as_it_is()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Only Linux shows a process its memory.");
        (int replaced, int afterTheEnd) = await CountAsync("memory-late");
        Assert.True(replaced > Stray, $"{replaced}");
        Assert.True(afterTheEnd > Stray, $"{afterTheEnd}");
    }

    private async Task<(int Replaced, int AfterTheEnd)> CountAsync(string command)
    {
        await using StoreFolder folder = new();
        await using var process = CrashingProcess.Start(command, folder.FileOf(ChannelRole.Server));
        string replaced = await process.WaitForAsync("open ");
        string afterTheEnd = await process.WaitForAsync("closed ");
        output.WriteLine($"{command}: {replaced}, {afterTheEnd}");
        return (NumberOf(replaced), NumberOf(afterTheEnd));
    }

    private static int NumberOf(string line) => int.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture);
}
