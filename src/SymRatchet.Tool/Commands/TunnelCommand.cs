using System.CommandLine;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Systemd;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using SymRatchet.Tool.Keys;
using SymRatchet.Tool.Tunnels;

namespace SymRatchet.Tool.Commands;

/// <summary><c>symratchet tunnel</c>: carries the connections of any program over channels.</summary>
internal static class TunnelCommand
{
    internal const string Name = "tunnel";

    private const string InlineCompletions = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";

    // After the tunnels' own limits, for what the host does besides.
    private static readonly TimeSpan ShutdownMargin = TimeSpan.FromSeconds(20);

    internal static Command Create()
    {
        Option<string?> config = new("--config")
        {
            Description = "Run all tunnels of this JSON file; its names are those of the options.",
            HelpName = "FILE",
        };
        Command command = new(
            Name,
            """
            Carries the connections of any program over channels. SIGHUP reads configuration and keys again without
            dropping a connection; SIGTERM lets connections end, up to a limit.

            Examples:
              symratchet tunnel server --listen 0.0.0.0:9999 --forward 127.0.0.1:6379 --store server.keys
              symratchet tunnel client --listen 127.0.0.1:6379 --connect gateway:9999 --key sensor-17.credential
              symratchet tunnel --config tunnel.json
            """
        )
        {
            config,
            CreateServer(),
            CreateClient(),
        };
        command.SetAction(
            (parsed, cancellationToken) =>
            {
                string file =
                    parsed.GetValue(config)
                    ?? throw new ToolException(
                        "say which tunnels: --config FILE, or 'tunnel server' or 'tunnel client' (try --help)",
                        ExitCode.Usage
                    );
                return RunAsync(() => TunnelConfiguration.ReadFile(file), cancellationToken);
            }
        );
        return command;
    }

    private static Command CreateServer()
    {
        TunnelArguments arguments = new();
        arguments.Add("--listen", "Where channels are accepted: HOST:PORT or unix:/PATH.", "ENDPOINT");
        arguments.Add("--forward", "The target of clients that no route names: HOST:PORT or unix:/PATH.", "ENDPOINT");
        arguments.AddRoutes(
            "--route",
            "The target of the clients whose ids match, in which * stands for any characters; may be repeated, and "
                + "the first that matches counts.",
            "Forward"
        );
        Option<string[]> reverse = arguments.AddRoutes(
            "--reverse",
            "Where to listen for the clients whose ids match, which started with --reverse, too; {id} stands for the "
                + "id. May be repeated.",
            "Listen"
        );
        arguments.AddSwitch("--multiplex", "Carry all connections of a client over one channel, as the client does.");
        arguments.AddMany("--allow", "Accept only ids that match; may be repeated. Default: every id.", "PATTERN");
        arguments.Add("--max-connections", "The limit on connections in all.", "COUNT");
        arguments.Add("--max-connections-per-id", "The limit on connections of one client.", "COUNT");
        arguments.Add("--target-timeout", "How long connecting to a target may take, such as 10s.", "TIME");
        arguments.AddCommon();
        StoreArguments store = new();
        Command command = new(
            "server",
            """
            Accepts channels, and carries each to a target.

            Examples:
              symratchet tunnel server --listen 0.0.0.0:9999 --forward 127.0.0.1:6379 --store server.keys
              symratchet tunnel server --listen [::]:9999 --route 'sensor-*=127.0.0.1:1883' --store server.keys
              symratchet tunnel server --listen [::]:9999 --reverse 'plc-*=unix:/run/plc/{id}.sock' --store server.keys
            """
        );
        arguments.AddTo(command);
        store.AddTo(command);
        command.SetAction(
            (parsed, cancellationToken) =>
            {
                StoreLocation location = store.ToLocation(parsed);
                string kind = parsed.GetValue(reverse) is { Length: > 0 } ? "ReverseServers" : "Servers";
                Dictionary<string, string?> values = arguments.ToValues(parsed, kind);
                values[$"{kind}:0:Store"] = location.File;
                values[$"{kind}:0:Postgres"] = location.Database;
                values[$"{kind}:0:Schema"] = location.Schema;
                values[$"{kind}:0:Ring"] = location.Ring;
                return RunAsync(values, cancellationToken);
            }
        );
        return command;
    }

    private static Command CreateClient()
    {
        TunnelArguments arguments = new();
        Option<bool> reverse = new("--reverse")
        {
            Description =
                "Stay connected, and carry what the server accepts for this client to the target of --forward.",
        };
        arguments.Add("--forward", "With --reverse: the target here, HOST:PORT or unix:/PATH.", "ENDPOINT");
        arguments.Add("--listen", "Where plain connections are accepted: HOST:PORT or unix:/PATH.", "ENDPOINT");
        arguments.Add("--connect", "The tunnel server: HOST:PORT or unix:/PATH.", "ENDPOINT");
        arguments.Add(
            "--key",
            "The client's key file. A credential becomes one, as at the first start of any client.",
            "FILE"
        );
        arguments.Add("--max-connections", "The limit on connections in all.", "COUNT");
        arguments.Add("--max-connecting", "How many channels are connected at a time; further ones wait.", "COUNT");
        arguments.Add("--connect-timeout", "How long a connection may wait for its channel, such as 30s.", "TIME");
        arguments.Add("--connect-retries", "How often a channel is tried again.", "COUNT");
        arguments.Add("--target-timeout", "With --reverse: how long connecting to the target may take.", "TIME");
        arguments.AddSwitch("--multiplex", "Carry all connections over one channel, as the server does.");
        arguments.AddCommon();
        Command command = new(
            "client",
            """
            Accepts plain connections, and carries each over a channel to the tunnel server.

            Examples:
              symratchet tunnel client --listen 127.0.0.1:6379 --connect gateway:9999 --key sensor-17.credential
              symratchet tunnel client --listen unix:/run/redis.sock --connect [2001:db8::1]:9999 --key client.key
              symratchet tunnel client --reverse --connect gateway:9999 --forward 127.0.0.1:502 --key plc-1.key
            """
        );
        arguments.AddTo(command);
        command.Options.Add(reverse);
        command.SetAction(
            (parsed, cancellationToken) =>
                RunAsync(
                    arguments.ToValues(parsed, parsed.GetValue(reverse) ? "ReverseClients" : "Clients"),
                    cancellationToken
                )
        );
        return command;
    }

    // The command line is a configuration with one tunnel, so that both are read by the same code.
    private static Task<int> RunAsync(Dictionary<string, string?> values, CancellationToken cancellationToken)
    {
        IConfigurationRoot configuration = new ConfigurationBuilder().AddInMemoryCollection(values).Build();
        try
        {
            TunnelConfiguration.Read(configuration);
        }
        catch (ToolException e)
        {
            throw new ToolException(e.Message, ExitCode.Usage);
        }

        return RunAsync(() => TunnelConfiguration.Read(configuration), cancellationToken);
    }

    private static async Task<int> RunAsync(Func<TunnelSettings> read, CancellationToken cancellationToken)
    {
        TimeSpan drain = read().LongestDrain;
        // .NET hands each completed call of a socket to another thread. A relay does little with it, and that hand-over
        // is most of a round trip. Nothing here blocks the socket's thread: key stores have threads of their own. .NET
        // reads this with the first socket, and has no other way to say it.
        if (Environment.GetEnvironmentVariable(InlineCompletions) is null)
            Environment.SetEnvironmentVariable(InlineCompletions, "1");
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "yyyy-MM-dd HH:mm:ss.fff ";
        });
        // Standard output is for results.
        builder.Services.Configure<ConsoleLoggerOptions>(console =>
        {
            console.LogToStandardErrorThreshold = LogLevel.Trace;
            // Whoever does not read the log must not hold up the connections.
            console.QueueFullMode = ConsoleLoggerQueueFullMode.DropWrite;
        });
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
        // A start that fails is one line, as with every other command.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);
        builder.Services.AddSystemd();
        builder.Services.AddWindowsService(service => service.ServiceName = "SymRatchet tunnel");
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = drain + ShutdownMargin);
        builder.Services.AddHostedService(services => new TunnelService(
            read,
            services.GetRequiredService<IHostApplicationLifetime>(),
            services.GetRequiredService<ILoggerFactory>(),
            services.GetService<ISystemdNotifier>()
        ));
        using IHost host = builder.Build();
        await host.RunAsync(cancellationToken);
        return ExitCode.Success;
    }
}
