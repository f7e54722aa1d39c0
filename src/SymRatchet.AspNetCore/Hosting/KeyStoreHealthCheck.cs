using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace SymRatchet.AspNetCore;

/// <summary>
/// Asks the server's key store whether it could move a key forward, where it is an <see cref="IKeyStoreProbe"/>; any
/// other store is asked for an id that need not be there. The answer is waited for within a limit, whatever the store
/// does.
/// </summary>
internal sealed class KeyStoreHealthCheck(IOptions<SecureChannelServerOptions> options, TimeProvider? time = null)
    : IHealthCheck
{
    internal static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    private static readonly ClientId NobodysId = new([0]);

    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly Lock _gate = new();
    private Task _asking = Task.CompletedTask;

#pragma warning disable CA1031 // whatever a store throws, it does not serve
    public async Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context,
        CancellationToken cancellationToken = default
    )
    {
        try
        {
            await AskAsync().WaitAsync(Limit, _time, cancellationToken).ConfigureAwait(false);
            return HealthCheckResult.Healthy("The key store answers.");
        }
        catch (TimeoutException e)
        {
            return Failed(
                context,
                $"The key store has not answered for {Limit.TotalSeconds:0} s: no client can connect.",
                e
            );
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            return Failed(context, "The key store cannot move a key forward: no client can connect.", e);
        }
    }
#pragma warning restore CA1031

    private static HealthCheckResult Failed(HealthCheckContext context, string description, Exception e) =>
        new(context.Registration.FailureStatus, description, e);

    // A store that does not come back is asked once and not again with each check; one that blocks takes one thread,
    // and not the caller's.
    private Task AskAsync()
    {
        lock (_gate)
            return _asking = _asking.IsCompleted ? Task.Run(() => AskAsync(options.Value.Keys!)) : _asking;
    }

    private async Task AskAsync(IKeyStore store)
    {
        using CancellationTokenSource limit = new(Limit, _time);
        if (store is IKeyStoreProbe probe)
            await probe.ProbeAsync(limit.Token).ConfigureAwait(false);
        else
            (await store.FindAsync(NobodysId, limit.Token).ConfigureAwait(false))?.Dispose();
    }
}
