using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using SymRatchet.Connections;

namespace SymRatchet.AspNetCore;

/// <summary>Protects the connections of a listener with options from the services.</summary>
public static class SymRatchetConnectionBuilderExtensions
{
    /// <summary>
    /// Protects the connections of a listener by channels with the options that
    /// <see cref="SymRatchetServiceCollectionExtensions"/> has registered.
    /// </summary>
    /// <typeparam name="TBuilder">The type of the builder.</typeparam>
    /// <param name="builder">The listener, such as Kestrel's <c>ListenOptions</c>.</param>
    /// <returns>The builder.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> is null.</exception>
    /// <exception cref="OptionsValidationException">The options are incomplete or out of range.</exception>
    /// <remarks>Any connection handler can follow: HTTP, SignalR's transport, or a custom handler.</remarks>
    public static TBuilder UseSymRatchet<TBuilder>(this TBuilder builder)
        where TBuilder : IConnectionBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.UseSymRatchet(
            builder.ApplicationServices.GetRequiredService<IOptions<SecureChannelServerOptions>>().Value
        );
    }
}
