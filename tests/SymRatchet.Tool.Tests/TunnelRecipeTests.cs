using System.Diagnostics;
using Npgsql;
using SymRatchet.KeyStores.Tests.PostgreSql;
using SymRatchet.Programs.Tests.Running;
using SymRatchet.TestKit;
using SymRatchet.Tool.Tests.Running;

namespace SymRatchet.Tool.Tests;

/// <summary>The recipes of docs/tunnel.md, run as they are written; only ports are others.</summary>
[Collection(PostgresServer.CollectionName)]
public sealed class TunnelRecipeTests(PostgresServer postgres) : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    private readonly string _folder = Directory.CreateTempSubdirectory("recipe-").FullName;
    private readonly Dictionary<string, string> _ports = [];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [SkippableFact]
    public async Task Redis()
    {
        Installed.PathOf("redis-server", "redis-server");
        Installed.PathOf("redis-benchmark", "redis-tools");
        string said = await RunAsync("## Redis", "6390", "9990", "6391");
        Assert.Contains("OK\nhello\n", said, StringComparison.Ordinal);
        Assert.Contains("GET:", said, StringComparison.Ordinal);
        Assert.Contains("requests per second", said, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task PostgreSQL()
    {
        Installed.PathOf("psql", "postgresql-client");
        string folder = new NpgsqlConnectionStringBuilder(postgres.ConnectionString).Host!;
        _ports["--forward 127.0.0.1:5432"] = $"--forward unix:{folder}/.s.PGSQL.5432";
        Assert.Contains("42", await RunAsync("## PostgreSQL", "9990", "5433"), StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Pgbench_finds_no_failed_transaction(bool multiplex)
    {
        string pgbench = Installed.PathOf("pgbench", "postgresql-contrib");
        string folder = new NpgsqlConnectionStringBuilder(postgres.ConnectionString).Host!;
        string[] more = multiplex ? ["--multiplex"] : [];
        await ToolRun.GoodAsync("store", "init", "--store", In("server.keys"));
        await ToolRun.GoodAsync("key", "add", "reports", "--store", In("server.keys"), "--out", In("reports"));
        await using var server = TunnelProcess.Start([
            .. (string[])["tunnel", "server", "--listen", "127.0.0.1:0"],
            .. (string[])["--forward", $"unix:{folder}/.s.PGSQL.5432", "--store", In("server.keys"), .. more],
        ]);
        await using var client = TunnelProcess.Start([
            .. (string[])["tunnel", "client", "--listen", "127.0.0.1:0", "--connect", await server.ListensAsync()],
            .. (string[])["--key", In("reports"), .. more],
        ]);
        string port = (await client.ListensAsync()).Split(':')[1];
        string[] database = ["-h", "127.0.0.1", "-p", port, "-U", "postgres", "postgres"];

        await IsGoodAsync(["-i", "-q", "-s", "1", .. database]);
        string said = await IsGoodAsync(["-n", "-c", "8", "-T", "3", .. database]);

        Assert.Contains("number of failed transactions: 0", said, StringComparison.Ordinal);

        async Task<string> IsGoodAsync(string[] args)
        {
            using var program = ToolProcess.StartProgram(pgbench, args);
            ToolRun run = await program.RunAsync(Limit);
            Assert.True(run.ExitCode == 0, run.Error);
            return run.Output;
        }
    }

    [SkippableFact]
    public async Task Ssh()
    {
        string sshd = Installed.PathOf("sshd", "openssh-server");
        string ssh = Installed.PathOf("ssh", "openssh-client");
        Skip.IfNot(Environment.IsPrivilegedProcess, "only root logs in as root");
        int port = ToolProcess.FreePort();
        _ports["127.0.0.1:22"] = $"127.0.0.1:{port}";
        await RunScriptAsync(
            "ssh-keygen -q -t ed25519 -N '' -f host; ssh-keygen -q -t ed25519 -N '' -f user; cp user.pub authorized"
        );
        await File.WriteAllTextAsync(
            In("sshd.config"),
            $"""
            ListenAddress 127.0.0.1:{port}
            HostKey {In("host")}
            AuthorizedKeysFile {In("authorized")}
            PidFile none
            StrictModes no
            PermitRootLogin prohibit-password
            """
        );
        await File.WriteAllTextAsync(
            In("ssh.config"),
            $"""
            IdentityFile {In("user")}
            IdentitiesOnly yes
            UserKnownHostsFile {In("known")}
            StrictHostKeyChecking no
            BatchMode yes
            """
        );
        Directory.CreateDirectory("/run/sshd");
        await WriteShimAsync("ssh", $"exec {ssh} -F '{In("ssh.config")}' \"$@\"");
        using var server = Process.Start(sshd, ["-D", "-f", In("sshd.config")]);
        try
        {
            Assert.Contains("it works\n", await RunAsync("## SSH", "9990"), StringComparison.Ordinal);
        }
        finally
        {
            server.Kill();
            await server.WaitForExitAsync();
        }
    }

    // All blocks of the section in one shell; the last is repeated until it succeeds, since what was started before
    // needs some time.
    private async Task<string> RunAsync(string heading, params string[] ports)
    {
        foreach (string port in ports)
            _ports[port] = $"{ToolProcess.FreePort()}";
        string[] blocks = [.. BlocksOf(heading)];
        Assert.True(blocks.Length >= 2, "the recipe is not where it was");
        foreach ((string written, string used) in _ports)
            blocks = [.. blocks.Select(block => block.Replace(written, used, StringComparison.Ordinal))];
        string tool = typeof(ToolProgram).Assembly.Location;
        await WriteShimAsync("symratchet", $"exec dotnet '{tool}' \"$@\"");
        await File.WriteAllTextAsync(In("last"), "set -e\n" + blocks[^1]);
        return await RunScriptAsync(
            $"""
            {string.Concat(blocks[..^1])}
            for try in $(seq 60); do
              if bash last >said 2>&1 </dev/null; then cat said >answer; exit 0; fi
              sleep 0.5
            done
            cat said >answer
            exit 1
            """
        );
    }

    private async Task<string> RunScriptAsync(string script)
    {
        // What the script leaves running ends with it.
        using var shell = ToolProcess.StartProgram(
            "bash",
            "-c",
            $"""
            trap 'kill $(jobs -p) 2>/dev/null; wait' EXIT
            cd '{_folder}'
            PATH='{In("bin")}':"$PATH":/usr/sbin
            {script}
            """
        );
        ToolRun run = await shell.RunAsync(Limit);
        string answer = File.Exists(In("answer")) ? await File.ReadAllTextAsync(In("answer")) : "";
        Assert.True(run.ExitCode == 0, $"{answer}\n{run.Output}\n{run.Error}");
        return answer;
    }

    private async Task WriteShimAsync(string name, string command)
    {
        Directory.CreateDirectory(In("bin"));
        await File.WriteAllTextAsync(In($"bin/{name}"), $"#!/bin/sh\n{command}\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(
                In($"bin/{name}"),
                UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
            );
    }

    private static IEnumerable<string> BlocksOf(string heading)
    {
        string text = File.ReadAllText(Repository.PathOf("docs", "tunnel.md"));
        string section = text.Split(heading + "\n")[1].Split("\n## ")[0];
        return section.Split("```bash\n").Skip(1).Select(block => block.Split("```")[0]);
    }

    private string In(string name) => Path.Combine(_folder, name);
}
