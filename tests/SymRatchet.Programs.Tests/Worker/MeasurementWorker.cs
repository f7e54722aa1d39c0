using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace SymRatchet.Programs.Tests.Worker;

/// <summary>
/// Sends measurements for as long as its device runs. One stays in the outbox until the server has acknowledged it, so
/// the server may get one twice and misses none.
/// </summary>
internal sealed partial class MeasurementWorker(ReconnectingClient client, Outbox outbox, ILogger<MeasurementWorker> logger)
    : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        #region glue: worker
        await foreach (ISecureChannel channel in client.ConnectAllAsync(stoppingToken))
        {
            try
            {
                await SendAllAsync(channel, stoppingToken);
            }
            catch (SecureChannelException e)
            {
                LogLost(e);
            }
        }
        #endregion
    }

    private async Task SendAllAsync(ISecureChannel channel, CancellationToken stoppingToken)
    {
        while (true)
        {
            byte[] measurement = await outbox.OldestAsync(stoppingToken);
            #region glue: acknowledged
            await channel.SendAsync(measurement, stoppingToken);
            if (await channel.ReceiveMessageAsync(stoppingToken) is null)
                return;
            #endregion
            outbox.RemoveOldest();
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "The connection is lost; the measurements wait for the next one.")]
    private partial void LogLost(Exception e);
}
