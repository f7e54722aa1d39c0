using System.Diagnostics;
using System.Globalization;
using Npgsql;

namespace SymRatchet.KeyStores.Tests.PostgreSql;

/// <summary>
/// A PostgreSQL server of the tests' own: in a folder that is deleted afterwards, on a socket in that folder. Where
/// PostgreSQL is not installed, the tests that ask for it are skipped and say what to do.
/// </summary>
public sealed class PostgresServer : IAsyncLifetime
{
    internal const string CollectionName = "PostgreSQL";

    private static readonly string? Binaries = Directory.Exists("/usr/lib/postgresql")
        ? Directory
            .GetDirectories("/usr/lib/postgresql")
            .Select(version => Path.Combine(version, "bin"))
            .Where(bin => File.Exists(Path.Combine(bin, "initdb")))
            .Max(StringComparer.Ordinal)
        : null;

    private string? _folder;
    private NpgsqlDataSource? _source;

    /// <summary>A pool of connections to the server.</summary>
    internal NpgsqlDataSource Source
    {
        get
        {
            SkipWithoutServer();
            return _source!;
        }
    }

    internal string ConnectionString
    {
        get
        {
            SkipWithoutServer();
            return $"Host={_folder};Username=postgres;Database=postgres;Maximum Pool Size=30";
        }
    }

    /// <summary>The files of the server, its write-ahead log included.</summary>
    internal string DataFolder => Path.Combine(_folder!, "data");

    public async Task InitializeAsync()
    {
        if (Binaries is null)
            return;
        _folder = Directory.CreateTempSubdirectory("symratchet-pg-").FullName;
        if (Environment.IsPrivilegedProcess)
            await RunAsync("chown", "postgres", _folder);
        await RunBinaryAsync(
            "initdb",
            "-D",
            DataFolder,
            "-U",
            "postgres",
            "-A",
            "trust",
            "--no-sync",
            "-E",
            "UTF8",
            "--locale=C"
        );
        await StartAsync();
        _source = NpgsqlDataSource.Create(ConnectionString);
    }

    public async Task DisposeAsync()
    {
        if (_folder is null)
            return;
        await _source!.DisposeAsync();
        await StopAsync();
        Directory.Delete(_folder, recursive: true);
    }

    internal Task StartAsync() =>
        RunBinaryAsync(
            "pg_ctl",
            "-D",
            DataFolder,
            "-l",
            Path.Combine(_folder!, "log"),
            "-w",
            "-o",
            $"-k {_folder} -c listen_addresses='' -c max_connections=120 -c autovacuum_naptime=1s",
            "start"
        );

    /// <summary>Stops the server as a crash would.</summary>
    internal Task StopAsync() => RunBinaryAsync("pg_ctl", "-D", DataFolder, "-m", "immediate", "-w", "stop");

    internal async Task ExecuteAsync(string sql)
    {
        await using NpgsqlCommand command = Source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    internal async Task<T> ValueAsync<T>(string sql)
    {
        await using NpgsqlCommand command = Source.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>The server's socket, for a proxy in front of it.</summary>
    internal string SocketPath => Path.Combine(_folder!, ".s.PGSQL.5432");

    /// <summary>Changes a setting of the whole server, and back; waits until the server has taken it.</summary>
    internal async Task<IAsyncDisposable> SetAsync(string setting, string value)
    {
        await ExecuteAsync($"ALTER SYSTEM SET {setting} = '{value}'");
        await ReloadAsync(setting, value);
        return new Undo(async () =>
        {
            await ExecuteAsync($"ALTER SYSTEM RESET {setting}");
            await ReloadAsync(setting, "");
        });
    }

    /// <summary>Lets every commit wait for a standby that there is not, until what is returned is disposed.</summary>
    internal async Task<IAsyncDisposable> HoldCommitsAsync()
    {
        IAsyncDisposable undo = await SetAsync("synchronous_standby_names", "nobody");

        // Commits begin to wait when the checkpointer has read the setting, which no view shows and which it may do
        // later than a connection: so it is seen from a commit that waits.
        for (bool held = false; !held; )
        {
            await using NpgsqlConnection connection = await Source.OpenConnectionAsync();
            await using NpgsqlCommand commit = new("SELECT pg_logical_emit_message(true, '', '')", connection);
            Task committing = commit.ExecuteNonQueryAsync();
            while (!committing.IsCompleted && !held)
            {
                held = await ValueAsync<bool>(
                    $"""
                    SELECT coalesce(bool_or(pg_cancel_backend(pid)), false)
                    FROM pg_stat_activity
                    WHERE pid = {connection.ProcessID}
                        AND wait_event = 'SyncRep'
                    """
                );
            }

            await committing;
        }

        return undo;
    }

    /// <summary>Stops processes of the server with a signal, until what is returned is disposed.</summary>
    internal static async Task<IAsyncDisposable> FreezeAsync(params int[] processes)
    {
        await SignalAsync("STOP", processes);
        return new Undo(() => SignalAsync("CONT", processes));
    }

    /// <summary>The postmaster and all its children; the postmaster first, so that it starts no more.</summary>
    internal Task<IAsyncDisposable> FreezeAllAsync()
    {
        string postmaster = File.ReadLines(Path.Combine(DataFolder, "postmaster.pid")).First();
        string children = File.ReadAllText($"/proc/{postmaster}/task/{postmaster}/children");
        return FreezeAsync([
            .. $"{postmaster} {children}"
                .Split(' ', StringSplitOptions.RemoveEmptyEntries)
                .Select(id => int.Parse(id, CultureInfo.InvariantCulture)),
        ]);
    }

    private static async Task SignalAsync(string signal, int[] processes)
    {
        // To 'kill', 0 and what is below it are groups of processes, this one's among them.
        foreach (int id in processes)
            ArgumentOutOfRangeException.ThrowIfLessThan(id, 2);
        try
        {
            await RunAsync(
                "kill",
                [$"-{signal}", .. processes.Select(id => id.ToString(CultureInfo.InvariantCulture))]
            );
        }
        catch (InvalidOperationException) when (processes.Any(id => !Directory.Exists($"/proc/{id}")))
        {
            // One has ended meanwhile, as the server's workers do; the others have the signal.
        }
    }

    private async Task ReloadAsync(string setting, string value)
    {
        await ExecuteAsync("SELECT pg_reload_conf()");
        for (
            int tries = 0;
            tries < 200 && await ValueAsync<string>($"SELECT current_setting('{setting}')") != value;
            tries++
        )
            await Task.Delay(25);
    }

    private sealed class Undo(Func<Task> undo) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync() => await undo();
    }

    private static void SkipWithoutServer() =>
        Skip.If(
            Binaries is null,
            "PostgreSQL is not installed. On Debian, 'apt-get install postgresql' is all that these tests need; "
                + "they start a server of their own."
        );

    // PostgreSQL refuses to run as root.
    private static Task RunBinaryAsync(string name, params string[] arguments)
    {
        string program = Path.Combine(Binaries!, name);
        return Environment.IsPrivilegedProcess
            ? RunAsync("runuser", ["-u", "postgres", "--", program, .. arguments])
            : RunAsync(program, arguments);
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(
            new ProcessStartInfo(program, arguments)
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                WorkingDirectory = "/",
            }
        )!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
            throw new InvalidOperationException(
                $"{program} {string.Join(' ', arguments)}: {await output} {await error}"
            );
    }
}
