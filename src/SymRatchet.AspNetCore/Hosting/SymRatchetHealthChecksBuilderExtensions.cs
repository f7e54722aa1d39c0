using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace SymRatchet.AspNetCore;

/// <summary>Provides the health check of a SymRatchet server.</summary>
public static class SymRatchetHealthChecksBuilderExtensions
{
    /// <summary>Adds a health check of the key store.</summary>
    /// <param name="builder">The health checks builder.</param>
    /// <param name="name">The name of the check.</param>
    /// <returns>The builder.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> is null.</exception>
    /// <remarks>
    /// It fails while the store of the options that <see cref="SymRatchetServiceCollectionExtensions"/> has registered
    /// cannot move a key forward (<see cref="IKeyStoreProbe"/>) or, without that interface, cannot be read, and if it
    /// does not answer within 5 seconds.
    /// </remarks>
    public static IHealthChecksBuilder AddSymRatchet(this IHealthChecksBuilder builder, string name = "symratchet")
    {
        ArgumentNullException.ThrowIfNull(builder);
        // a singleton, because checks share a pending probe
        builder.Services.TryAddSingleton<KeyStoreHealthCheck>();
        return builder.AddCheck<KeyStoreHealthCheck>(name);
    }
}
