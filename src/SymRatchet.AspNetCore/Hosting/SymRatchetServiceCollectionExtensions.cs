using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace SymRatchet.AspNetCore;

/// <summary>Registers the services of a SymRatchet server.</summary>
public static class SymRatchetServiceCollectionExtensions
{
    /// <summary>The name of the configuration section of the options.</summary>
    public const string Section = "SymRatchet";

    /// <summary>Registers the options of a server.</summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Sets further options; called last.</param>
    /// <returns>The services.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="services"/> is null.</exception>
    /// <remarks>
    /// Limits and suites come from the section <see cref="Section"/> of the configuration, the keys from the
    /// <see cref="IKeyStore"/> service or from <paramref name="configure"/>. If the store is an
    /// <see cref="IKeyDirectory"/>, a <see cref="ChannelRegistry"/> ends the channels of revoked clients: the one from
    /// the services or from <paramref name="configure"/>, otherwise a default one. The options are validated when the
    /// host starts.
    /// </remarks>
    public static IServiceCollection AddSymRatchet(
        this IServiceCollection services,
        Action<SecureChannelServerOptions>? configure = null
    )
    {
        ArgumentNullException.ThrowIfNull(services);
        services.TryAddEnumerable(
            ServiceDescriptor.Singleton<IConfigureOptions<SecureChannelServerOptions>, ConfigureServerOptions>()
        );
        services.TryAddEnumerable(
            ServiceDescriptor.Singleton<IValidateOptions<SecureChannelServerOptions>, ValidateServerOptions>()
        );
        services.TryAddSingleton<DefaultChannelRegistry>();
        services
            .AddOptions<SecureChannelServerOptions>()
            .Configure<IServiceProvider>(
                (options, provider) =>
                {
                    options.Keys ??= provider.GetService<IKeyStore>();
                    options.ChannelRegistry ??= provider.GetService<ChannelRegistry>();
                    options.LoggerFactory = provider.GetRequiredService<ILoggerFactory>();
                    configure?.Invoke(options);
                    if (options.Keys is IKeyDirectory directory)
                        options.ChannelRegistry ??= provider
                            .GetRequiredService<DefaultChannelRegistry>()
                            .Of(directory, options);
                }
            )
            .ValidateOnStart();
        return services;
    }
}
