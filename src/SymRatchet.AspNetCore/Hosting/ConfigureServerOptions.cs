using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace SymRatchet.AspNetCore;

/// <summary>Reads the options of a server from the configuration. Errors name the configuration key.</summary>
internal sealed class ConfigureServerOptions(IConfiguration configuration)
    : IConfigureOptions<SecureChannelServerOptions>
{
    private static readonly string[] Suites = [.. Enum.GetNames<CipherSuiteId>().Except([nameof(CipherSuiteId.None)])];

    public void Configure(SecureChannelServerOptions options)
    {
        KnownSection section = new(configuration.GetSection(SymRatchetServiceCollectionExtensions.Section));
        options.HandshakeTimeout = section.Read(nameof(options.HandshakeTimeout), options.HandshakeTimeout);
        options.KeepAliveInterval = section.Read(nameof(options.KeepAliveInterval), options.KeepAliveInterval);
        options.KeepAliveTimeout = section.Read(nameof(options.KeepAliveTimeout), options.KeepAliveTimeout);
        options.MaxRecordSize = section.Read(nameof(options.MaxRecordSize), options.MaxRecordSize);
        options.PaddingBlock = section.Read(nameof(options.PaddingBlock), options.PaddingBlock);
        options.EpochLimit = section.Read(nameof(options.EpochLimit), options.EpochLimit);
        options.HashIdsInLogs = section.Read(nameof(options.HashIdsInLogs), options.HashIdsInLogs);
        IConfigurationSection suites = section.GetParent(nameof(options.Suites), "it is a list");
        if (suites.Exists())
            options.Suites = [.. suites.GetChildren().Select(Suite)];
        IConfigurationSection limits = section.GetParent(
            nameof(options.HandshakeLimiter),
            "it has settings of its own"
        );
        if (limits.Exists())
        {
            KnownSection limiter = new(limits);
            HandshakeLimiter defaults = new();
            options.HandshakeLimiter = new HandshakeLimiter
            {
                MaxPending = limiter.Read(nameof(defaults.MaxPending), defaults.MaxPending),
                MaxPendingPerAddress = limiter.Read(
                    nameof(defaults.MaxPendingPerAddress),
                    defaults.MaxPendingPerAddress
                ),
                MaxPendingPerId = limiter.Read(nameof(defaults.MaxPendingPerId), defaults.MaxPendingPerId),
            };
            limiter.ThrowIfUnknownKeys();
        }

        section.ThrowIfUnknownKeys();
    }

    private static CipherSuiteId Suite(IConfigurationSection entry)
    {
        ThrowIfNested(entry);
        // Enum.Parse accepts more than names, such as lists and numbers
        return Suites.Contains(entry.Value, StringComparer.OrdinalIgnoreCase)
            ? Enum.Parse<CipherSuiteId>(entry.Value!, ignoreCase: true)
            : throw Invalid(entry, $"is not a suite; there are {string.Join(", ", Suites)}");
    }

    private static void ThrowIfNested(IConfigurationSection entry)
    {
        if (entry.GetChildren().FirstOrDefault() is { } nested)
            throw Invalid($"{nested.Path} is not a setting; {entry.Path} is one value.");
    }

    private static OptionsValidationException Invalid(IConfigurationSection entry, string problem) =>
        Invalid($"{entry.Path}: '{entry.Value}' {problem}.");

    private static OptionsValidationException Invalid(string problem) =>
        new(Options.DefaultName, typeof(SecureChannelServerOptions), [problem]);

    /// <summary>A section that records the keys that are read.</summary>
    private sealed class KnownSection(IConfigurationSection section)
    {
        private readonly SortedSet<string> _known = new(StringComparer.OrdinalIgnoreCase);

        internal IConfigurationSection GetParent(string name, string problem)
        {
            IConfigurationSection entry = Get(name);
            return string.IsNullOrEmpty(entry.Value) // as that of an empty list is
                ? entry
                : throw Invalid(entry, $"is not valid; {problem}");
        }

        private IConfigurationSection Get(string name)
        {
            _known.Add(name);
            return section.GetSection(name);
        }

        internal T Read<T>(string name, T otherwise)
            where T : IParsable<T>
        {
            IConfigurationSection entry = Get(name);
            ThrowIfNested(entry);
            if (entry.Value is not { } text)
                return otherwise;
            return T.TryParse(text, CultureInfo.InvariantCulture, out T? value)
                ? value
                : throw Invalid(entry, $"is not a {typeof(T).Name}");
        }

        /// <summary>Throws for unknown keys: a misspelt one would be ignored silently.</summary>
        internal void ThrowIfUnknownKeys()
        {
            if (section.GetChildren().FirstOrDefault(entry => !_known.Contains(entry.Key)) is { } unknown)
                throw Invalid($"{unknown.Path} is not a setting; there are {string.Join(", ", _known)}.");
        }
    }
}
