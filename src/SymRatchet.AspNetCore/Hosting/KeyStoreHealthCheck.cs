using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace SymRatchet.AspNetCore;

/// <summary>
/// Checks whether the server's key store could move a key forward, if it is an <see cref="IKeyStoreProbe"/>; otherwise,
/// whether it can be read. The wait is bounded, even if the store hangs.
/// </summary>
internal sealed class KeyStoreHealthCheck(IOptions<SecureChannelServerOptions> options, TimeProvider? time = null)
    : IHealthCheck
{
    internal static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    private static readonly ClientId ProbeId = new([0]);

    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly Lock _gate = new();
    private Task _pending = Task.CompletedTask;

#pragma warning disable CA1031 // any exception means that the store is unhealthy
    public async Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context,
        CancellationToken cancellationToken = default
    )
    {
        try
        {
            await ProbeAsync().WaitAsync(Limit, _time, cancellationToken).ConfigureAwait(false);
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

    // A pending probe is shared by later checks, so that a hanging store occupies one thread of the pool at most.
    private Task ProbeAsync()
    {
        lock (_gate)
            return _pending = _pending.IsCompleted ? Task.Run(() => ProbeAsync(options.Value.Keys!)) : _pending;
    }

    private async Task ProbeAsync(IKeyStore store)
    {
        using CancellationTokenSource limit = new(Limit, _time);
        if (store is IKeyStoreProbe probe)
            await probe.ProbeAsync(limit.Token).ConfigureAwait(false);
        else
            (await store.FindAsync(ProbeId, limit.Token).ConfigureAwait(false))?.Dispose();
    }
}
