using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace SymRatchet.AspNetCore;

/// <summary>Health of a server of channels.</summary>
public static class SymRatchetHealthChecksBuilderExtensions
{
    /// <summary>
    /// Adds a check of the key store of the options that <see cref="SymRatchetServiceCollectionExtensions"/>
    /// registered: unhealthy while the store could not move a key forward (<see cref="IKeyStoreProbe"/>), or, where it
    /// is no such store, while it cannot be read; also where it has not answered for 5 seconds.
    /// </summary>
    /// <param name="builder">The health checks.</param>
    /// <param name="name">The check's name.</param>
    public static IHealthChecksBuilder AddSymRatchet(this IHealthChecksBuilder builder, string name = "symratchet")
    {
        ArgumentNullException.ThrowIfNull(builder);
        // one for all checks: it remembers a question that is not answered
        builder.Services.TryAddSingleton<KeyStoreHealthCheck>();
        return builder.AddCheck<KeyStoreHealthCheck>(name);
    }
}
