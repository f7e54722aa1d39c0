using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Systemd;
using Microsoft.Extensions.Logging;

namespace SymRatchet.Tool.Tunnels;

/// <summary>
/// The tunnels as a service: SIGHUP reloads, SIGTERM and SIGINT stop in order, and the second one at once. Tells
/// systemd that it reloads, and feeds its watchdog.
/// </summary>
internal sealed partial class TunnelService(
    Func<TunnelSettings> read,
    IHostApplicationLifetime lifetime,
    ILoggerFactory loggers,
    ISystemdNotifier? systemd = null
) : IHostedService, IAsyncDisposable
{
    private readonly TunnelSupervisor _tunnels = new(loggers);
    private readonly ILogger _logger = loggers.CreateLogger("SymRatchet.Tunnel");
    private readonly List<PosixSignalRegistration> _signals = [];
    private readonly SemaphoreSlim _reloading = new(1, 1);
    private readonly CancellationTokenSource _hurrying = new();
    private int _stops;
    private MetricsServer? _metrics;
    private ITimer? _watchdog;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        TunnelSettings settings = read();
        await _tunnels.ApplyAsync(settings, cancellationToken);
        if (settings.Metrics is { } endPoint)
            _metrics = MetricsServer.Start(endPoint);
        _signals.Add(PosixSignalRegistration.Create(PosixSignal.SIGHUP, OnHangup));
        _signals.Add(PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnStop));
        _signals.Add(PosixSignalRegistration.Create(PosixSignal.SIGINT, OnStop));
        StartWatchdog();
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _hurrying.Token);
        await _tunnels.StopAsync(either.Token);
    }

    public async ValueTask DisposeAsync()
    {
        if (_watchdog is not null)
            await _watchdog.DisposeAsync();
        _signals.ForEach(signal => signal.Dispose());
        _metrics?.Dispose();
        await _tunnels.DisposeAsync();
        _reloading.Dispose();
        _hurrying.Dispose();
    }

    private void OnHangup(PosixSignalContext context)
    {
        context.Cancel = true;
        _ = Task.Run(ReloadAsync);
    }

    private void OnStop(PosixSignalContext context)
    {
        context.Cancel = true;
        if (Interlocked.Increment(ref _stops) > 1)
            _hurrying.Cancel();
        else
            lifetime.StopApplication();
    }

#pragma warning disable CA1031 // what is wrong with a configuration must not end what runs
    private async Task ReloadAsync()
    {
        await _reloading.WaitAsync();
        try
        {
            long microseconds = Stopwatch.GetTimestamp() / (Stopwatch.Frequency / 1_000_000);
            Notify($"RELOADING=1\nMONOTONIC_USEC={microseconds}");
            await _tunnels.ApplyAsync(read(), lifetime.ApplicationStopping);
            Log.Reloaded(_logger);
        }
        catch (Exception e)
        {
            Log.ReloadFailed(_logger, e.Message);
        }
        finally
        {
            Notify("READY=1");
            _reloading.Release();
        }
    }
#pragma warning restore CA1031

    // On the thread pool, so a process whose pool is stuck is restarted.
    private void StartWatchdog()
    {
        if (
            systemd?.IsEnabled != true
            || !long.TryParse(
                Environment.GetEnvironmentVariable("WATCHDOG_USEC"),
                NumberStyles.None,
                CultureInfo.InvariantCulture,
                out long microseconds
            )
            || microseconds == 0
        )
            return;
        TimeSpan half = TimeSpan.FromMicroseconds(microseconds) / 2;
        _watchdog = TimeProvider.System.CreateTimer(_ => Notify("WATCHDOG=1"), null, half, half);
    }

    private void Notify(string state)
    {
        if (systemd?.IsEnabled == true)
            systemd.Notify(new ServiceState(state));
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 521, Level = LogLevel.Information, Message = "The configuration was read again.")]
        internal static partial void Reloaded(ILogger logger);

        [LoggerMessage(
            EventId = 522,
            Level = LogLevel.Error,
            Message = "The configuration could not be read again: {Reason}. What listens goes on."
        )]
        internal static partial void ReloadFailed(ILogger logger, string reason);
    }
}
