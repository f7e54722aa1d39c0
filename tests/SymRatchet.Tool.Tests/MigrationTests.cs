using System.Diagnostics;
using System.Globalization;
using System.Text;
using Microsoft.Data.Sqlite;
using SymRatchet.KeyStores.Sqlite;
using SymRatchet.KeyStores.Tests.Contract;

namespace SymRatchet.Tool.Tests;

/// <summary>A store is copied whole or is known not to be, whatever happens to the copying process.</summary>
public sealed class MigrationTests : IDisposable
{
    private const int Clients = 4_000;

    private readonly ToolFolder _folder = new();

    private string Target => _folder.PathOf("target.keys");

    private string[] Migrate => ["store", "migrate", "--store", _folder.Server, "--to-store", Target];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_migration_that_is_killed_is_told_by_check_and_completed_by_the_next_run()
    {
        await FillAsync(Clients);
        int midway = 0;
        foreach (int kilobytes in (int[])[1, 60, 150, 300])
        {
            long size = kilobytes * 1024;
            using Process process = Start(Migrate);
            while (!process.HasExited && Length(Target) < size)
                await Task.Delay(1);
            process.Kill(); // SIGKILL
            await process.WaitForExitAsync();
            ToolRun check = await ToolRun.RunAsync("store", "check", "--store", Target);
            if (await CountAsync(Target) is > 0 and < Clients)
            {
                midway++;
                Assert.Equal(1, check.ExitCode);
                Assert.Contains("not finished", check.Error, StringComparison.Ordinal);
                var refusal = Assert.Throws<KeyStoreException>(() => SqliteKeyStore.Open(Target, ChannelRole.Server));
                Assert.Contains("store migrate", refusal.Message, StringComparison.Ordinal);
            }
        }

        Assert.NotEqual(0, midway);
        await ToolRun.GoodAsync(Migrate);
        await ToolRun.GoodAsync("store", "check", "--store", Target);
        await AssertEqualAsync();
        await ToolRun.GoodAsync(Migrate); // again, with nothing left to do
    }

    [Fact]
    public async Task What_is_in_the_target_with_another_key_ends_the_migration_and_the_mark_stays()
    {
        await FillAsync(10);
        await ToolRun.GoodAsync(Migrate);
        await using (var target = SqliteKeyStore.Open(Target, ChannelRole.Server))
            await target.AdvanceAsync("client-3", 5);
        await ToolRun.BadAsync(1, "client-3 is in", Migrate);
        ToolRun check = await ToolRun.RunAsync("store", "check", "--store", Target);
        Assert.Equal(1, check.ExitCode);
    }

    [Fact]
    public async Task A_client_that_is_revoked_in_the_target_does_not_come_back()
    {
        await FillAsync(10);
        await ToolRun.GoodAsync(Migrate);
        await ToolRun.GoodAsync("key", "revoke", "client-3", "--store", Target);
        await ToolRun.BadAsync(1, "client-3 is revoked in", Migrate);
        await ToolRun.GoodAsync("key", "revoke", "client-3", "--store", _folder.Server);
        await ToolRun.GoodAsync(Migrate);
        await ToolRun.GoodAsync("store", "check", "--store", Target);
        await ToolRun.BadAsync(
            3,
            "revoked",
            "key",
            "export",
            "client-3",
            "--store",
            Target,
            "--out",
            _folder.PathOf("x")
        );
    }

    [Theory]
    [InlineData("same")]
    [InlineData("other path")]
    [InlineData("link")]
    [InlineData("hard link")]
    public async Task A_store_is_not_copied_into_itself(string how)
    {
        await FillAsync(3);
        string target = how switch
        {
            "same" => _folder.Server,
            "other path" => Path.Combine(Path.GetDirectoryName(_folder.Server)!, ".", "server.keys"),
            _ => _folder.PathOf("link.keys"),
        };
        if (how == "link")
            File.CreateSymbolicLink(target, _folder.Server);
        else if (how == "hard link" && !OperatingSystem.IsLinux())
            return; // elsewhere they are not told apart
        else if (how == "hard link")
            Process.Start("ln", [_folder.Server, target]).WaitForExit();
        byte[] before = await File.ReadAllBytesAsync(_folder.Server);
        await ToolRun.BadAsync(
            1,
            "one and the same store",
            "store",
            "migrate",
            "--store",
            _folder.Server,
            "--to-store",
            target
        );
        Assert.Equal(before, await File.ReadAllBytesAsync(_folder.Server));
    }

    [Fact]
    public async Task A_target_that_is_not_there_is_not_made()
    {
        await FillAsync(3);
        string missing = _folder.PathOf("missing.keys");
        await ToolRun.BadAsync(
            1,
            $"store init --store {missing}",
            "store",
            "migrate",
            "--store",
            _folder.Server,
            "--to-store",
            missing
        );
        Assert.False(File.Exists(missing));
    }

    [Fact]
    public async Task A_store_that_a_program_has_open_is_not_copied()
    {
        if (!OperatingSystem.IsLinux())
            return; // elsewhere nobody can tell
        await FillAsync(3);
        await using (SqliteKeyStore.Open(_folder.Server, ChannelRole.Server))
            await ToolRun.BadAsync(1, "is in use", Migrate);
        Assert.Equal(0, await CountAsync(Target));
        await ToolRun.GoodAsync(Migrate);
    }

    [Fact]
    public async Task A_client_that_is_revoked_in_the_source_is_revoked_in_the_target_by_the_next_run()
    {
        await FillAsync(10);
        await ToolRun.GoodAsync(Migrate);
        await ToolRun.GoodAsync("key", "revoke", "client-3", "--store", _folder.Server);
        await ToolRun.GoodAsync(Migrate);
        await ToolRun.GoodAsync("store", "check", "--store", Target);
        Assert.Equal(
            "client-3",
            (await ToolRun.GoodAsync("key", "list", "--store", Target, "--revoked", "--ids")).TrimEnd()
        );
    }

    [Fact]
    public async Task A_client_that_only_the_target_has_is_named_and_the_mark_stays()
    {
        await FillAsync(10);
        await ToolRun.GoodAsync(Migrate);
        await ToolRun.GoodAsync("key", "add", "other", "--store", Target, "--out", _folder.PathOf("credential"));
        await ToolRun.BadAsync(1, "other is in", Migrate);
        Assert.Equal(1, (await ToolRun.RunAsync("store", "check", "--store", Target)).ExitCode);
        await ToolRun.GoodAsync("key", "revoke", "other", "--store", Target);
        await ToolRun.GoodAsync(Migrate);
    }

    [Fact]
    public async Task Clients_that_cannot_be_copied_are_all_named_and_the_others_are_copied()
    {
        await FillAsync(10);
        SpoilKey("client-3");
        SpoilKey("client-7");
        ToolRun run = await ToolRun.RunAsync(Migrate);
        Assert.Equal(1, run.ExitCode);
        Assert.Equal(
            ["error: client-3", "error: client-7"],
            run.Error.TrimEnd().Split('\n').Select(line => line[..15]).Order(StringComparer.Ordinal)
        );
        Assert.Equal(8, await CountAsync(Target));
        Assert.Equal(1, (await ToolRun.RunAsync("store", "check", "--store", Target)).ExitCode);
    }

    [Fact]
    public async Task A_migration_in_which_every_client_fails_ends_before_all_are_tried()
    {
        await FillAsync(1_100);
        SpoilKey(null);
        ToolRun run = await ToolRun.RunAsync(Migrate);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("1000 clients failed", run.Error, StringComparison.Ordinal);
        Assert.InRange(run.Error.TrimEnd().Split('\n').Length, 1_001, 1_099);
    }

    [Fact]
    public async Task A_store_that_still_serves_is_not_taken_for_copied()
    {
        await FillAsync(500);
        await using var source = SqliteKeyStore.Open(_folder.Server, ChannelRole.Server);
        File.Delete(_folder.Server + "-lock"); // as if it had begun after the tool looked
        using CancellationTokenSource end = new();
        Task serving = Task.Run(async () =>
        {
            for (long epoch = 1; !end.IsCancellationRequested; epoch++)
                // copied among the first, so it has moved when the stores are compared
                await source.AdvanceAsync("client-1", epoch);
        });
        await ToolRun.BadAsync(1, "was changed meanwhile", Migrate);
        await end.CancelAsync();
        await serving;
        Assert.Equal(1, (await ToolRun.RunAsync("store", "check", "--store", Target)).ExitCode);
    }

    private void SpoilKey(string? id)
    {
        using SqliteConnection connection = new($"Data Source={_folder.Server};Pooling=False");
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = "UPDATE keys SET epoch_key = x'00' WHERE id = $id OR $id IS NULL";
        command.Parameters.AddWithValue("$id", id is null ? DBNull.Value : Encoding.UTF8.GetBytes(id));
        Assert.NotEqual(0, command.ExecuteNonQuery());
    }

    private async Task FillAsync(int count)
    {
        await using var store = SqliteKeyStore.Open(_folder.Server, ChannelRole.Server);
        await Parallel.ForAsync(
            0,
            count,
            new ParallelOptions { MaxDegreeOfParallelism = 64 },
            async (i, cancellationToken) =>
            {
                string name = string.Create(CultureInfo.InvariantCulture, $"client-{i}");
                using PreSharedKey key = TestKeys.Shared(name);
                await store.AddAsync(key, i % 5 == 0 ? [CipherSuiteId.Aes256Gcm] : null, cancellationToken);
                if (i % 3 == 0)
                    await store.AdvanceAsync(name, i + 1);
                if (i % 7 != 0)
                    return;
                using PreSharedKey next = TestKeys.Shared(name, generation: 1);
                await store.RotateAsync(next, cancellationToken);
            }
        );
        await using var target = SqliteKeyStore.Open(Target, ChannelRole.Server);
    }

    private async Task AssertEqualAsync()
    {
        await using var source = SqliteKeyStore.Open(_folder.Server, ChannelRole.Server);
        await using var target = SqliteKeyStore.Open(Target, ChannelRole.Server);
        int count = 0;
        await foreach (KeyRecord record in source.ListAllAsync())
        {
            using StoredKey? one = await source.FindAsync(record.Id);
            using StoredKey? other = await target.FindAsync(record.Id);
            Assert.Equal(Content(one!), Content(other!));
            count++;
        }

        Assert.Equal(Clients, count);
    }

    private static string Content(StoredKey key) =>
        $"{key} {Convert.ToHexString(key.IdentityKey)} {Convert.ToHexString(key.EpochKey)} "
        + $"{string.Join(',', key.Suites)} {(key.Successor is null ? "" : Content(key.Successor))}";

    private static async Task<int> CountAsync(string path)
    {
        await using var store = SqliteKeyStore.Open(
            path,
            ChannelRole.Server,
            new SqliteKeyStoreOptions { MayBeUnfinished = true }
        );
        int count = 0;
        await foreach (KeyRecord _ in store.ListAllAsync())
            count++;
        return count;
    }

    private static long Length(string path) => new FileInfo(path) is { Exists: true } file ? file.Length : 0;

    private static Process Start(string[] arguments) =>
        Process.Start(
            new ProcessStartInfo(
                Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet",
                [typeof(ToolProgram).Assembly.Location, .. arguments]
            )
            {
                RedirectStandardError = true,
            }
        )!;
}
