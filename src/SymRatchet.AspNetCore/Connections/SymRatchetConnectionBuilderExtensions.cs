using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using SymRatchet.Connections;

namespace SymRatchet.AspNetCore;

/// <summary>Channels for the connections of a listener, with the options among the services.</summary>
public static class SymRatchetConnectionBuilderExtensions
{
    /// <summary>
    /// Protects the connections of a listener by channels with the options that
    /// <see cref="SymRatchetServiceCollectionExtensions"/> registered. Whatever handles connections can follow: HTTP,
    /// SignalR's transport, or a handler of one's own.
    /// </summary>
    /// <param name="builder">The listener, such as Kestrel's <c>ListenOptions</c>.</param>
    /// <exception cref="OptionsValidationException">The options are not complete.</exception>
    public static TBuilder UseSymRatchet<TBuilder>(this TBuilder builder)
        where TBuilder : IConnectionBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.UseSymRatchet(
            builder.ApplicationServices.GetRequiredService<IOptions<SecureChannelServerOptions>>().Value
        );
    }
}
