using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace SymRatchet.AspNetCore;

/// <summary>Registers what a server of channels needs.</summary>
public static class SymRatchetServiceCollectionExtensions
{
    /// <summary>The configuration section whose values the options take.</summary>
    public const string Section = "SymRatchet";

    /// <summary>
    /// Registers the options of a server: limits and suites from the section <see cref="Section"/> of the
    /// configuration, and the keys from the <see cref="IKeyStore"/> among the services or from
    /// <paramref name="configure"/>. Channels of a client that is revoked are ended: by <see cref="ChannelRegistry"/>
    /// that are brought in one of these two ways, and else by some that are made here, where the store tells of
    /// revocations. The options are validated when the host starts.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Sets what the configuration does not, and has the last word.</param>
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
        services.TryAddSingleton<OwnChannelRegistry>();
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
                            .GetRequiredService<OwnChannelRegistry>()
                            .Of(directory, options);
                }
            )
            .ValidateOnStart();
        return services;
    }
}
