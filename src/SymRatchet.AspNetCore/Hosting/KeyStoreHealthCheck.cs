using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace SymRatchet.AspNetCore;

/// <summary>Asks the server's key store for an id that need not be there: no handshake works while the store does not answer.</summary>
internal sealed class KeyStoreHealthCheck(IOptions<SecureChannelServerOptions> options) : IHealthCheck
{
    private static readonly byte[] NobodysId = [0];

#pragma warning disable CA1031 // whatever a store throws, it does not serve
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            using StoredKey? key = await options.Value.Keys!.FindAsync(NobodysId, cancellationToken).ConfigureAwait(false);
            return HealthCheckResult.Healthy("The key store answers.");
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return new HealthCheckResult(context.Registration.FailureStatus, "The key store does not answer: no client can connect.", e);
        }
    }
#pragma warning restore CA1031
}
