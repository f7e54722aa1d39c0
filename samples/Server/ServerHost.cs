using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Spectre.Console;
using SymRatchet.Aggregation;
using SymRatchet.CommandLine;
using SymRatchet.KeyStores.Sqlite;
using SymRatchet.Samples.Server.Dashboard;

namespace SymRatchet.Samples.Server;

/// <summary>Puts the server together and runs it until SIGINT or SIGTERM.</summary>
internal static class ServerHost
{
    internal const string TextLog = "text";
    internal const string JsonLog = "json";

    // A contribution is a line of numbers; nothing larger is taken into memory.
    private const int MaxRecordSize = 64 * 1024;

    internal static async Task<int> RunAsync(ServerSettings settings, CancellationToken cancellationToken)
    {
        if (settings.Store is null)
        {
            using InMemoryKeyStore passing = settings.Keys.ToServerStore();
            return await RunAsync(settings, passing, cancellationToken);
        }

        await using SqliteKeyStore durable = await DurableKeys.OpenAsync(
            settings.Store,
            settings.Keys,
            cancellationToken
        );
        return await RunAsync(settings, durable, cancellationToken);
    }

    private static async Task<int> RunAsync(
        ServerSettings settings,
        IKeyDirectory store,
        CancellationToken cancellationToken
    )
    {
        int clients = await DurableKeys.CountAsync(store, cancellationToken);
        if (clients == 0)
            throw new SampleException($"there is no client in {settings.Keys.Source}; give clients with --keys");

        // Bound before the host starts, so that a port in use is one clear line and not a failing background service.
        using TcpListener listener = await settings.Listen.ListenAsync(cancellationToken);
        using TcpListener? page = settings.Dashboard is { } at
            ? await DashboardHost.ListenAsync(at, settings.DashboardForAll, cancellationToken)
            : null;

        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(
            new HostApplicationBuilderSettings { DisableDefaults = true }
        );
        AddLog(builder.Logging, settings.Log);
        builder.Services.Configure<ConsoleLifetimeOptions>(options => options.SuppressStatusMessages = true);
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(5));
        builder.Services.AddSingleton(listener);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<RoundFeed>();
        builder.Services.AddSingleton<LiveBoard>();
        builder.Services.AddSingleton<DashboardFeed>();
        builder.Services.AddSingleton(
            new ServerView(
                SampleOptions.NameOf(settings.Protocol),
                settings.Aggregator.Name,
                settings.Closing.ToString()
            )
        );
        builder.Services.AddSingleton(services => new AggregationServer(
            new AggregationServerOptions
            {
                Rounds = new RoundOptions
                {
                    Aggregator = settings.Aggregator,
                    Closing = settings.Closing,
                    Observer = ToAll(
                        services.GetRequiredService<RoundFeed>().Publish,
                        services.GetRequiredService<LiveBoard>().Observe
                    ),
                },
                WeightOf = settings.Keys.WeightOf,
                IdleTimeout = settings.IdleTimeout,
                LoggerFactory = services.GetRequiredService<ILoggerFactory>(),
            }
        ));
        builder.Services.AddSingleton(services => new ChannelRegistry(
            store,
            new SecureChannelServerOptions { LoggerFactory = services.GetRequiredService<ILoggerFactory>() }
        ));
        builder.Services.AddSingleton(services => new SecureChannelServerOptions
        {
            Protocol = settings.Protocol,
            Keys = store,
            ChannelRegistry = services.GetRequiredService<ChannelRegistry>(),
            HandshakeTimeout = settings.HandshakeTimeout,
            MaxRecordSize = MaxRecordSize,
            LoggerFactory = services.GetRequiredService<ILoggerFactory>(),
        });
        builder.Services.AddHostedService<RoundPrinter>();
        builder.Services.AddHostedService<ConnectionLoop>();

        using IHost host = builder.Build();
        await using WebApplication? dashboard = page is null
            ? null
            : await StartDashboardAsync(page, settings, host.Services, cancellationToken);
        await host.StartAsync(cancellationToken);
        string keys = $"{clients} from {settings.Store ?? settings.Keys.Source}";
        Terminal.Out.MarkupInterpolated(
            $"[dim]protocol:[/] {SampleOptions.NameOf(settings.Protocol)}, [dim]keys:[/] {keys}, "
        );
        Terminal.Out.MarkupLineInterpolated(
            $"[dim]aggregate:[/] {settings.Aggregator.Name}, [dim]rounds:[/] {settings.Closing}"
        );
        Terminal.Out.MarkupLineInterpolated($"listening on {Endpoint.Of(listener.LocalEndpoint)}");
        await host.WaitForShutdownAsync(cancellationToken);
        return ExitCode.Success;
    }

    private static Action<RoundEvent> ToAll(params Action<RoundEvent>[] observers) =>
        roundEvent =>
        {
            foreach (Action<RoundEvent> observer in observers)
                observer(roundEvent);
        };

    private static async Task<WebApplication> StartDashboardAsync(
        TcpListener page,
        ServerSettings settings,
        IServiceProvider services,
        CancellationToken cancellationToken
    )
    {
        Endpoint endpoint = Endpoint.Of(page.LocalEndpoint);
        WebApplication app = await DashboardHost.StartAsync(
            page,
            settings.Dashboard!.Host,
            services.GetRequiredService<DashboardFeed>(),
            services.GetRequiredService<ILoggerFactory>(),
            cancellationToken
        );
        Terminal.Out.MarkupLineInterpolated($"dashboard at http://{endpoint}/");
        if (settings.DashboardForAll)
        {
            Terminal.Error.MarkupInterpolated($"[yellow]warning:[/] the dashboard on {endpoint} has no password and ");
            Terminal.Error.WriteLine("no encryption: whoever reaches it sees who is connected and what is aggregated");
        }

        return app;
    }

    // Standard output is for the results; the log goes to standard error.
    private static void AddLog(ILoggingBuilder logging, string format)
    {
        logging.SetMinimumLevel(LogLevel.Information);
        logging.AddFilter("Microsoft", LogLevel.Warning);
        logging.Services.Configure<ConsoleLoggerOptions>(options =>
            options.LogToStandardErrorThreshold = LogLevel.Trace
        );
        if (format == JsonLog)
        {
            logging.AddJsonConsole(options => options.TimestampFormat = "O");
            return;
        }

        logging.AddSimpleConsole(options =>
        {
            options.SingleLine = true;
            options.TimestampFormat = "HH:mm:ss.fff ";
        });
    }
}
