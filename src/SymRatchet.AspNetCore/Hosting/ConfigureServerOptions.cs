using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace SymRatchet.AspNetCore;

/// <summary>Reads the options of a server from the configuration. Whatever is wrong there is told with the name of its key.</summary>
internal sealed class ConfigureServerOptions(IConfiguration configuration) : IConfigureOptions<SecureChannelServerOptions>
{
    public void Configure(SecureChannelServerOptions options)
    {
        IConfigurationSection section = configuration.GetSection(SymRatchetServiceCollectionExtensions.Section);
        options.HandshakeTimeout = Read(section, nameof(options.HandshakeTimeout), options.HandshakeTimeout);
        options.MaxRecordSize = Read(section, nameof(options.MaxRecordSize), options.MaxRecordSize);
        options.PaddingBlock = Read(section, nameof(options.PaddingBlock), options.PaddingBlock);
        options.EpochLimit = Read(section, nameof(options.EpochLimit), options.EpochLimit);
        options.HashIdsInLogs = Read(section, nameof(options.HashIdsInLogs), options.HashIdsInLogs);
        IConfigurationSection suites = section.GetSection(nameof(options.Suites));
        if (suites.Exists())
            options.Suites = [.. suites.GetChildren().Select(Suite)];
        IConfigurationSection limiter = section.GetSection(nameof(options.HandshakeLimiter));
        if (limiter.Exists())
        {
            HandshakeLimiter defaults = new();
            options.HandshakeLimiter = new HandshakeLimiter
            {
                MaxPending = Read(limiter, nameof(defaults.MaxPending), defaults.MaxPending),
                MaxPendingPerAddress = Read(limiter, nameof(defaults.MaxPendingPerAddress), defaults.MaxPendingPerAddress),
                MaxPendingPerId = Read(limiter, nameof(defaults.MaxPendingPerId), defaults.MaxPendingPerId),
            };
        }
    }

    private static T Read<T>(IConfigurationSection section, string name, T otherwise)
        where T : IParsable<T>
    {
        IConfigurationSection entry = section.GetSection(name);
        if (entry.Value is not { } text)
            return otherwise;
        return T.TryParse(text, CultureInfo.InvariantCulture, out T? value)
            ? value
            : throw Invalid(entry, $"is no {typeof(T).Name}");
    }

    private static CipherSuiteId Suite(IConfigurationSection entry) =>
        Enum.GetNames<CipherSuiteId>().Contains(entry.Value, StringComparer.OrdinalIgnoreCase) // what Enum.Parse takes beyond names, such as a list, is no suite
            ? Enum.Parse<CipherSuiteId>(entry.Value!, ignoreCase: true)
            : throw Invalid(entry, $"is no suite; there are {string.Join(", ", Enum.GetNames<CipherSuiteId>())}");

    private static OptionsValidationException Invalid(IConfigurationSection entry, string complaint) =>
        new(Options.DefaultName, typeof(SecureChannelServerOptions), [$"{entry.Path}: '{entry.Value}' {complaint}."]);
}
