using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace SymRatchet.Programs.Tests.Worker;

/// <summary>
/// Sends measurements for as long as its device runs. One stays in the outbox until the server has acknowledged it, so
/// the server may get one twice and misses none.
/// </summary>
internal sealed partial class MeasurementWorker(
    ReconnectingClient client,
    Outbox outbox,
    ILogger<MeasurementWorker> logger
) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        client.Waiting += (_, wait) =>
            LogWaiting(wait.Error?.Message ?? "The channel is over", wait.Delay.TotalSeconds);
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
        try
        {
            while (true)
            {
                #region glue: acknowledged
                Task<byte[]?> answer = channel.ReceiveMessageAsync(stoppingToken).AsTask();
                if (await Task.WhenAny(answer, outbox.Filled) != answer)
                    await channel.SendAsync(outbox.Oldest, CancellationToken.None);
                if (await answer is null)
                    return;
                #endregion
                outbox.RemoveOldest();
            }
        }
        #region glue: close
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            using CancellationTokenSource limit = new(TimeSpan.FromSeconds(5));
            await channel.CloseAsync(limit.Token);
            while (await channel.ReceiveMessageAsync(limit.Token) is not null)
                ;
        }
        #endregion
    }

    [LoggerMessage(1, LogLevel.Warning, "The connection is lost; the measurements wait for the next one.")]
    private partial void LogLost(Exception e);

    [LoggerMessage(2, LogLevel.Information, "{Why}; the next attempt is in {Seconds:0.0} s.")]
    private partial void LogWaiting(string why, double seconds);
}
