using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Spectre.Console;
using SymRatchet.Aggregation;

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
        // Bound before the host starts, so that a port in use is one clear line and not a failing background service.
        using TcpListener listener = await settings.Listen.ListenAsync(cancellationToken);
        using InMemoryKeyStore store = settings.Keys.ToServerStore();

        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        AddLog(builder.Logging, settings.Log);
        builder.Services.Configure<ConsoleLifetimeOptions>(options => options.SuppressStatusMessages = true);
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(5));
        builder.Services.AddSingleton(listener);
        builder.Services.AddSingleton<RoundFeed>();
        builder.Services.AddSingleton(services => new AggregationServer(new AggregationServerOptions
        {
            Rounds = new RoundOptions
            {
                Aggregator = settings.Aggregator,
                Closing = settings.Closing,
                Observer = services.GetRequiredService<RoundFeed>().Publish,
            },
            WeightOf = settings.Keys.WeightOf,
            IdleTimeout = settings.IdleTimeout,
            LoggerFactory = services.GetRequiredService<ILoggerFactory>(),
        }));
        builder.Services.AddSingleton(services => new SecureChannelServerOptions
        {
            Protocol = settings.Protocol,
            Keys = store,
            HandshakeTimeout = settings.HandshakeTimeout,
            MaxRecordSize = MaxRecordSize,
            LoggerFactory = services.GetRequiredService<ILoggerFactory>(),
        });
        builder.Services.AddHostedService<RoundPrinter>();
        builder.Services.AddHostedService<ConnectionLoop>();

        using IHost host = builder.Build();
        await host.StartAsync(cancellationToken);
        Terminal.Out.MarkupLineInterpolated(
            $"[dim]protocol[/] {settings.Protocol} [dim]keys[/] {settings.Keys.Ids.Count} from {settings.Keys.Source} [dim]aggregate[/] {settings.Aggregator.Name} [dim]rounds[/] {settings.Closing}");
        Terminal.Out.MarkupLineInterpolated($"listening on {Endpoint.Of(listener.LocalEndpoint)}");
        await host.WaitForShutdownAsync(cancellationToken);
        return ExitCode.Success;
    }

    // Standard output is for the results; the log goes to standard error.
    private static void AddLog(ILoggingBuilder logging, string format)
    {
        logging.SetMinimumLevel(LogLevel.Information);
        logging.Services.Configure<ConsoleLoggerOptions>(options => options.LogToStandardErrorThreshold = LogLevel.Trace);
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
