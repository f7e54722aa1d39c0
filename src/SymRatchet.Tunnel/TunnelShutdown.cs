using Microsoft.Extensions.Logging;
using SymRatchet.Tunnel.Diagnostics;

namespace SymRatchet.Tunnel;

/// <summary>The orderly end of a tunnel.</summary>
#pragma warning disable CA1001 // without a wait handle there is nothing to dispose
internal sealed class TunnelShutdown(Acceptor? acceptor, ConnectionSet connections, ILogger logger)
#pragma warning restore CA1001
{
    private static readonly TimeSpan ResetTimeout = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _hurrying = new();
    private Task? _stopped;

    /// <summary>Cancelled when no more connections are taken.</summary>
    internal CancellationToken Stopping => _stopping.Token;

    internal static void CheckListensAsBefore(TunnelOptions options, TunnelOptions before)
    {
        if (TunnelEndPoint.Parse(options.Listen!).Equals(TunnelEndPoint.Parse(before.Listen!)))
            return;
        throw new ArgumentException(
            $"{nameof(TunnelOptions.Listen)} is {options.Listen} but was {before.Listen}; start another tunnel for it."
        );
    }

    internal async Task StopAsync(TunnelOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        // The first call decides; a later one may end its wait.
        using CancellationTokenRegistration hurry = cancellationToken.Register(_hurrying.Cancel);
        Task stopped;
        lock (_gate)
            stopped = _stopped ??= Task.Run(() => StopAsync(options, time), CancellationToken.None);
        await stopped.ConfigureAwait(false);
    }

    private async Task StopAsync(TunnelOptions options, TimeProvider time)
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        if (acceptor is not null)
            await acceptor.DisposeAsync().ConfigureAwait(false);
        if (connections.Count is > 0 and int open)
        {
            logger.Stops(options.DisplayName, options.DrainTimeout.TotalSeconds, open);
            await connections
                .WhenEmptyAsync()
                .WaitAsync(options.DrainTimeout, time, _hurrying.Token)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        // Also if there is none: a handshake that is just done may still add one.
        int reset = connections.AbortAll("the tunnel stops");
        await connections
            .WhenEmptyAsync()
            .WaitAsync(ResetTimeout)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        connections.Dispose();
        logger.Stopped(options.DisplayName, reset);
    }
}
