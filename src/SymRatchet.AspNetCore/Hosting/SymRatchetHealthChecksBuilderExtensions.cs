using Microsoft.Extensions.DependencyInjection;

namespace SymRatchet.AspNetCore;

/// <summary>Health of a server of channels.</summary>
public static class SymRatchetHealthChecksBuilderExtensions
{
    /// <summary>Adds a check of the key store of the options that <see cref="SymRatchetServiceCollectionExtensions"/> registered: unhealthy while it cannot be read.</summary>
    /// <param name="builder">The health checks.</param>
    /// <param name="name">The check's name.</param>
    public static IHealthChecksBuilder AddSymRatchet(this IHealthChecksBuilder builder, string name = "symratchet")
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.AddCheck<KeyStoreHealthCheck>(name);
    }
}
